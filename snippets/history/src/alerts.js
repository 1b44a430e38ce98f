// --8<-- [start:once]
export function once(next) {
  const seen = new Set();
  return ({ data, extensions }) => {
    const position = extensions?.position;
    if (position !== undefined && seen.has(position)) return;
    seen.add(position);
    if (seen.size > 1_000) seen.delete(seen.values().next().value);
    next(data);
  };
}
// --8<-- [end:once]

// --8<-- [start:missed]
export function telling(next, missed) {
  return (result) => {
    if (result.extensions?.missed) missed();
    next(result);
  };
}

export function isGap(errors) {
  return Array.isArray(errors) && errors.some((one) => one.extensions?.code === "EVENTS_MISSED");
}
// --8<-- [end:missed]
