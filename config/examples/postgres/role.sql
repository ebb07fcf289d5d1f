-- The user that highwater signs in as, with no more rights than it needs. Give it a password of your own:
--   ALTER ROLE highwater PASSWORD '...'

DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'highwater') THEN
        CREATE ROLE highwater LOGIN;
    END IF;
END $$;

GRANT USAGE ON SCHEMA crm TO highwater;
GRANT SELECT ON crm.supporters TO highwater;
-- The columns that Salesforce may change. Not the key, the stamp or the donations.
GRANT UPDATE (title, first_name, last_name, date_of_birth, email, phone, mobile, address_1, address_2, city, state,
    postcode, country, opt_in_email, sf_contact_id) ON crm.supporters TO highwater;
-- To see since when others' transactions are open: a row that is committed late is then never overlooked.
GRANT pg_read_all_stats TO highwater;
