"""Bodies that are good as a whole. What is drawn field by field seldom is, where fields have to fit together: then nothing behind the form is tried."""

import secrets
import time

TARIFF = {"per_hour": 3600, "unit_minutes": 15, "grace_minutes": 3}


def later(minutes):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60 * minutes))


def version(luck):
    """Things count their changes from 1, and few are changed often."""
    return luck.randint(1, 4)


def level(threshold, pays):
    return {"name_zh": f"卡 {threshold}", "name_en": f"Card {threshold}", "threshold": threshold, "pays": pays}


# By operation: what makes a body of what is there, and of luck. `None` from one of them: there is nothing to make it of.
GOOD = {
    "POST /api/v1/batches": lambda there, luck: {
        "project_id": there("projects"), "unit": "month", "validity": 1, "count": luck.randint(1, 3),
    },
    "POST /api/v1/complaints/{id}/answer": lambda there, luck: {"text": "已处理"},
    "POST /api/v1/complaints/{id}/give-back": lambda there, luck: {"amount_fen": luck.randint(1, 50), "reason": "补偿"},
    "POST /api/v1/customers/recharge": lambda there, luck: {
        "venue_id": there("venues"), "number": there("number"), "amount_fen": luck.randint(100, 2000),
    },
    "POST /api/v1/exports/keys": lambda there, luck: {"format": luck.choice(["csv", "xlsx"]), "batch": there("batches")},
    "PUT /api/v1/devices/{id}/watch": lambda there, luck: {"least_watts": None},
    "PUT /api/v1/levels": lambda there, luck: {"levels": [level(100, 9500), level(500, 8800)], "version": version(luck)},
    "POST /api/v1/payments/refunds/{id}/remedy": lambda there, luck: {"remedy": "retry", "note": ""},
    "PUT /api/v1/payments/channels/{channel}": lambda there, luck: {"enabled": True},
    "PUT /api/v1/projects/{id}/callback": lambda there, luck: {"url": "http://127.0.0.1:9/hook", "events": ["key.verified"]},
    "POST /api/v1/tables/{id}/close": lambda there, luck: {"why": "打烊"},
    "POST /api/v1/tables/{id}/hold": lambda there, luck: {"note": "张先生", "until": later(30)},
    "POST /api/v1/tables/{id}/in-service": lambda there, luck: {"note": "好了"},
    "PUT /api/v1/tables/{id}": lambda there, luck: {"name": f"台 {secrets.token_hex(3)}", "x": 150, "y": 150, "version": version(luck)},
    "PUT /api/v1/tables/{id}/light": lambda there, luck: {"on": luck.random() < 0.5, "minutes": 1, "why": "试灯"},
    "POST /api/v1/tables/{id}/out-of-service": lambda there, luck: {"note": "台呢破了"},
    "POST /api/v1/users": lambda there, luck: {
        "name": f"u{secrets.token_hex(4)}", "email": f"u{secrets.token_hex(4)}@demo.example", "role": "agent", "initial_quota": 0,
    },
    "POST /api/v1/venues": lambda there, luck: {"name": f"球厅 {secrets.token_hex(3)}", "time_zone": "Asia/Shanghai", "tariff": TARIFF},
    "PUT /api/v1/venues/{id}": lambda there, luck: {
        "name": f"球厅 {secrets.token_hex(3)}", "time_zone": "Asia/Shanghai", "closed": False, "version": version(luck),
    },
    "PUT /api/v1/venues/{id}/offers": lambda there, luck: {
        "pause_minutes": 30, "pause_lit": True, "cleaning_minutes": luck.choice([0, 5]), "hold_minutes": 15,
        "version": luck.choice([0, 1, 2]),
    },
    "POST /api/v1/venues/{id}/price-lists": lambda there, luck: {"name": f"价目 {secrets.token_hex(3)}"},
    "PUT /api/v1/price-lists/{id}": lambda there, luck: {"tariff": TARIFF, "version": version(luck)},
    "PUT /api/v1/venues/{id}/prices": lambda there, luck: {"tariff": TARIFF, "version": version(luck)},
    "POST /api/v1/venues/{id}/prices/try": lambda there, luck: {"tariff": TARIFF, "date": later(0)[:10], "minutes": 60},
    "POST /api/v1/venues/{id}/staff": lambda there, luck: {"name": "fixer"},
    "POST /api/v1/venues/{id}/tables": lambda there, luck: {"name": f"台 {secrets.token_hex(3)}", "x": 100, "y": 1400},
    "POST /customer/v1/complaints": lambda there, luck: {
        "matter": "help", "kind": luck.choice(["table", "cleanliness", "other"]), "text": "请来一下", "venue_id": there("venues"),
    },
    "POST /customer/v1/complaints/{id}/reopen": lambda there, luck: {"text": "还是不行"},
    "POST /customer/v1/orders": lambda there, luck: {
        "method": luck.choice(["native", "h5", "wap", "precreate"]), "recharge": {"amount_fen": luck.randint(100, 2000)},
    },
    "POST /customer/v1/orders/{id}/method": lambda there, luck: {"method": luck.choice(["native", "h5", "wap", "precreate"])},
    "POST /customer/v1/refunds": lambda there, luck: {"amount_fen": luck.randint(1, 50)},
    "POST /customer/v1/sessions/{id}/extend": lambda there, luck: {"minutes": 60, "expected_fen": there("hour_fen")},
    "POST /customer/v1/sessions/{id}/split": lambda there, luck: {"people": 2, "expected_fen": there("hour_fen")},
    "POST /customer/v1/split-codes/{code}/join": lambda there, luck: {},
    "POST /customer/v1/splits/{id}/confirm": lambda there, luck: {"at_most_fen": 100_000},
    "POST /customer/v1/tables/{id}/open": lambda there, luck: {"minutes": 60, "expected_fen": there("hour_fen")},
}


def good(operation, there, luck):
    """A body for this operation, if one can be made of what is there."""
    body = GOOD[operation](there, luck) if operation in GOOD else None
    optional = {"PUT /api/v1/devices/{id}/watch"}
    return None if body is not None and operation not in optional and None in body.values() else body
