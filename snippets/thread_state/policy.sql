ALTER TABLE shared_secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE shared_secret FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON shared_secret
  USING (owner = current_setting('app.user_id', true));
