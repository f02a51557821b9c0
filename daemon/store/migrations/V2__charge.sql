-- What the network charged for a call (advice of charge). The amount is in thousandths of the currency.
ALTER TABLE call_record ADD COLUMN charge_complete INTEGER;
ALTER TABLE call_record ADD COLUMN charge_units INTEGER;
ALTER TABLE call_record ADD COLUMN charge_amount INTEGER;
ALTER TABLE call_record ADD COLUMN charge_currency TEXT;
