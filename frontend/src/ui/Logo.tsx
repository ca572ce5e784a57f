/** The mark: a gatehouse with its battlements, its arch and a raised portcullis. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7.5" fill="var(--mantine-color-gate-7)" />
      <path
        fill="#fff"
        d="M6 7.5h4.2v2.6h2.9V7.5h5.8v2.6h2.9V7.5H26V25h-4.4v-5.9a5.6 5.6 0 0 0-11.2 0V25H6z"
      />
      <path
        fill="#fff"
        fillOpacity=".72"
        d="M12.7 17.3a4 4 0 0 1 1.1-1.2v4.6l-.55.9-.55-.9zm2.75-1.9a4 4 0 0 1 1.1 0v5.3l-.55.9-.55-.9zm2.75.7a4 4 0 0 1 1.1 1.2v3.4l-.55.9-.55-.9z"
      />
    </svg>
  );
}
