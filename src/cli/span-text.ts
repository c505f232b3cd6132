/** A span of time as kubectl shows ages, in at most two units: `0.4s`, `8s`, `2m5s`, `3h20m`, `12d`. */
export function spanText(seconds: number): string {
  const span = Math.max(0, seconds);
  if (span < 9.95) return `${Number(span.toFixed(1))}s`;
  const whole = Math.round(span);
  if (whole < 120) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 10) return parts(minutes, 'm', whole % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return parts(hours, 'h', minutes % 60, 'm');
  return `${Math.floor(hours / 24)}d`;
}

function parts(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}
