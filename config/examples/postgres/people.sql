-- Sample rows for schema.sql. Stamps lie in the past, with the offsets their programs wrote them in.

INSERT INTO crm.supporters (title, first_name, last_name, date_of_birth, email, phone, mobile, address_1, address_2, city,
    state, postcode, country, postal_address_1, postal_city, postal_state, postal_postcode, opt_in_email, opt_in_email_at,
    opt_in_phone, lifetime_giving, status, created_at, modified_at)
VALUES
    ('Mr', 'Joe', 'Smith', '1961-04-17', 'joe.smith@example.org', '+61 8 5550 0101', NULL, '1 High St', NULL, 'Perth',
     'WA', '6000', 'Australia', NULL, NULL, NULL, NULL, true, '2025-02-01 09:00:00+08', false, 1250.00, 'active',
     '2024-11-03 10:15:00+08', '2025-06-01 08:30:00.123456+08'),
    ('Ms', 'Ann', 'Lee', '1985-12-31', 'Ann.Lee@Example.org', NULL, '+61 455 550 102', '22 Harbour Rd', 'Unit 7',
     'Sydney', 'NSW', '2000', 'Australia', 'PO Box 22', 'Sydney', 'NSW', '2001', true, '2025-03-04 12:00:00+11', true,
     80.00, 'active', '2025-01-20 17:45:00+11', '2025-06-01 23:59:59+10'),
    (NULL, 'José', 'García', NULL, 'jose@example.net', NULL, NULL, '3 Río Crescent', NULL, 'Hobart', 'TAS', '7000',
     'Australia', NULL, NULL, NULL, NULL, false, NULL, false, 0, 'active', '2025-04-06 02:30:00+10',
     '2025-04-06 02:30:00+11'),
    ('Dr', 'Mary', 'Jones', '1949-01-01', 'mary.jones@example.com', '+44 20 5550 0104', NULL, '4 Mill Lane', NULL,
     'London', NULL, 'N1 9GU', 'United Kingdom', NULL, NULL, NULL, NULL, true, '2025-05-05 10:00:00+01', false, 5000.00,
     'lapsed', '2019-08-09 12:00:00+01', '2025-10-26 01:30:00+00'),
    ('Mrs', 'Mary', 'Jones', '1972-09-09', 'mary.jones@example.net', NULL, NULL, '5 Park Ave', NULL, 'Brisbane', 'QLD',
     '4000', 'Australia', NULL, NULL, NULL, NULL, false, NULL, false, 45.50, 'active', '2025-05-05 10:00:00+10',
     '2025-05-06 10:00:00+10'),
    -- No last name: Salesforce takes no Contact without one.
    (NULL, 'Sam', NULL, NULL, 'sam@example.org', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'Australia', NULL, NULL, NULL,
     NULL, false, NULL, false, 0, 'active', '2025-05-07 10:00:00+10', '2025-05-07 10:00:00+10');
