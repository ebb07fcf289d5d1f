-- A supporter database as a fundraising team may have it, in PostgreSQL 12 or later.
--
--   createdb fundraising
--   psql -d fundraising -f schema.sql -f people.sql -f role.sql
--
-- What highwater needs of it: a key, a stamp that moves with every change, and (recommended) a column for the Contact Id.

CREATE SCHEMA crm;

CREATE TYPE crm.supporter_status AS ENUM ('active', 'lapsed', 'deceased', 'do_not_contact');

CREATE TABLE crm.supporters (
    supporter_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    status           crm.supporter_status NOT NULL DEFAULT 'active',

    -- The person.
    title            varchar(20),
    first_name       varchar(60),
    last_name        varchar(80),
    date_of_birth    date,

    -- How to reach them.
    email            text,
    phone            varchar(40),
    mobile           varchar(40),

    -- Where they live.
    address_1        varchar(120),
    address_2        varchar(120),
    city             varchar(40),
    state            varchar(80),
    postcode         varchar(20),
    country          varchar(80) NOT NULL DEFAULT 'Australia',

    -- Where their letters go, if elsewhere.
    postal_address_1 varchar(120),
    postal_address_2 varchar(120),
    postal_city      varchar(40),
    postal_state     varchar(80),
    postal_postcode  varchar(20),

    -- What they agreed to, and when.
    opt_in_email     boolean NOT NULL DEFAULT false,
    opt_in_email_at  timestamptz,
    opt_in_phone     boolean NOT NULL DEFAULT false,

    -- What they gave, kept by the donations system.
    lifetime_giving  numeric(12, 2) NOT NULL DEFAULT 0,

    -- The Contact in Salesforce; highwater writes it.
    sf_contact_id    varchar(18) UNIQUE,

    created_at       timestamptz NOT NULL DEFAULT now(),
    modified_at      timestamptz NOT NULL DEFAULT now()
);

-- highwater reads changes by stamp, and finds people by address in any spelling.
CREATE INDEX supporters_by_modified ON crm.supporters (modified_at);
CREATE INDEX supporters_by_email ON crm.supporters (lower(email));

-- The stamp moves with every change of the row, whoever makes it, and with nothing else: a program that saves a row as it
-- was must not send everybody to Salesforce again.
CREATE FUNCTION crm.touch_modified_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.modified_at := now();
    RETURN NEW;
END $$;

CREATE TRIGGER supporters_touch BEFORE UPDATE ON crm.supporters
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION crm.touch_modified_at();

-- Consent carries its date, whichever side it came from.
CREATE FUNCTION crm.date_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.opt_in_email_at := CASE WHEN NEW.opt_in_email THEN now() END;
    RETURN NEW;
END $$;

CREATE TRIGGER supporters_consent BEFORE UPDATE OF opt_in_email ON crm.supporters
    FOR EACH ROW WHEN (OLD.opt_in_email IS DISTINCT FROM NEW.opt_in_email) EXECUTE FUNCTION crm.date_consent();
