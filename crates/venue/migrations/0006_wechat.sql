-- WeChat 微信 --------------------------------------------------------------------------------------------------------------

-- By which names WeChat knows a customer. Each of our apps there has a name of its own for the same person; the union id, where WeChat
-- tells it, is the same in all.
CREATE TABLE customer_wechats (
  app_id TEXT NOT NULL,
  openid TEXT NOT NULL,
  union_id TEXT,
  customer_id UUID NOT NULL REFERENCES customers (id),
  created_at BIGINT NOT NULL,
  signed_in_at BIGINT NOT NULL,
  PRIMARY KEY (app_id, openid)
) /* WITHOUT ROWID */;
CREATE INDEX customer_wechats_customer ON customer_wechats (customer_id);
CREATE INDEX customer_wechats_union ON customer_wechats (union_id) WHERE union_id IS NOT NULL;
