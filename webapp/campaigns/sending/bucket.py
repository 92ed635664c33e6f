"""Token buckets in Redis, shared by all processes that send.

A bucket fills at its rate and gives a whole portion or nothing: what gives crumbs is asked without
end. One that Redis has forgotten starts empty. All times are Redis' own.
"""

from webapp.extensions import redis_clients

PORTION = 0.25  # seconds' worth that is handed out at a time, and that may be saved up beyond it
FORGOTTEN_AFTER = 3600  # seconds nobody asked
# After a hint: half the rate, and back up by steps while no other hint comes.
SLOWER, SLOWEST, STEP, STEP_SECONDS = 0.5, 0.05, 0.1, 10
SAME_HINT = 1  # seconds in which the answers to calls already under way say it again

_COMMON = f"""
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] + time[2] / 1000000
end
for _, key in ipairs(KEYS) do  -- where the clock was set back, all that is kept goes with it
  local kept = redis.call('HMGET', key, 'at', 'slowed_at', 'closed_until')
  local back = (kept[1] or now) - now
  if back > 0 then
    redis.call('HSET', key, 'at', now)
    for i, name in ipairs({{'slowed_at', 'closed_until'}}) do
      if kept[i + 1] then redis.call('HINCRBYFLOAT', key, name, -back) end
    end
  end
end
local function factor_of(key)
  local kept = redis.call('HMGET', key, 'factor', 'slowed_at')
  if not kept[1] then return 1 end
  local steps = math.floor((now - kept[2]) / {STEP_SECONDS})
  return math.min(1, kept[1] + steps * {STEP})
end
local function put(key, name, value)
  redis.call('HSET', key, name, string.format('%.6f', value))
  redis.call('EXPIRE', key, {FORGOTTEN_AFTER})
end
"""

# Each bucket's rate follows the most that is asked for. Answers how many, and how long to wait.
_TAKE = f"""
{_COMMON}
local wanted = tonumber(ARGV[2])
local rates, tokens, closed = {{}}, {{}}, 0
for i, key in ipairs(KEYS) do
  rates[i] = ARGV[2 + i] * factor_of(key)
  wanted = math.min(wanted, math.max(1, math.floor(rates[i] * {PORTION})))
  closed = math.max(closed, (redis.call('HGET', key, 'closed_until') or 0) - now)
end
local wait = math.max(0, closed)
for i, key in ipairs(KEYS) do
  local kept = redis.call('HMGET', key, 'tokens', 'at')
  local passed = now - (kept[2] or now)
  local most = math.max(1, rates[i] * {PORTION}) + rates[i] * {PORTION}
  tokens[i] = math.min(most, (kept[1] or 0) + passed * rates[i])
  wait = math.max(wait, (wanted - tokens[i]) / rates[i])
end
local given = wait > 0 and 0 or wanted
for i, key in ipairs(KEYS) do
  put(key, 'tokens', tokens[i] - given)
  put(key, 'at', now)
end
return {{given, string.format('%.6f', wait)}}
"""

_SLOW = f"""
{_COMMON}
local key = KEYS[1]
local kept = redis.call('HMGET', key, 'slowed_at', 'closed_until')
if not kept[1] or now - kept[1] >= {SAME_HINT} then
  put(key, 'factor', math.max({SLOWEST}, factor_of(key) * {SLOWER}))
  put(key, 'slowed_at', now)
  put(key, 'tokens', 0)
  put(key, 'at', now)
end
put(key, 'closed_until', math.max(tonumber(kept[2] or 0), now + ARGV[2]))
redis.call('EXPIRE', key, {FORGOTTEN_AFTER} + math.ceil(ARGV[2]))
"""

_FACTOR = f"{_COMMON} return string.format('%.6f', factor_of(KEYS[1]))"


def take(rates, most, now=None):
    """(how many, seconds to wait for them) out of all these buckets at once.

    `rates`: {name of the bucket: tokens a second}, each above 0; `most` at least 1. `now` in
    seconds; None: Redis tells. Raises RedisError.
    """
    given, wait = _run(_TAKE, [*rates], now, most, *rates.values())
    return given, float(wait)


def slow(name, seconds, now=None):
    """Give nothing for so long, then half as much as before for a while."""
    _run(_SLOW, [name], now, seconds)


def factor(name, now=None):
    """How much of its rate a bucket gives, up to 1."""
    return float(_run(_FACTOR, [name], now))


def _run(script, names, now, *values):
    keys = [f"bucket:{name}" for name in names]
    given = "" if now is None else now
    return redis_clients.hasty.register_script(script)(keys=keys, args=[given, *values])
