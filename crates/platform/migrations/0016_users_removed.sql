-- sign-ups that nobody verified are removed --------------------------------------------------------------------------------

-- Before a user goes, the database looks for what refers to it. Where there is much of that it finds it by these; hardly any row is in them.
CREATE INDEX withdrawals_decided_by ON withdrawals (decided_by) WHERE decided_by IS NOT NULL;
CREATE INDEX pay_attempts_seen_by ON pay_attempts (seen_by) WHERE seen_by IS NOT NULL;
CREATE INDEX pay_orders_written_off_by ON pay_orders (written_off_by) WHERE written_off_by IS NOT NULL;
CREATE INDEX pay_differences_settled_by ON pay_differences (settled_by) WHERE settled_by IS NOT NULL;
CREATE INDEX pay_refunds_settled_by ON pay_refunds (settled_by) WHERE settled_by IS NOT NULL;
