/** A line of a form. */

interface Props {
  label: string;
  value: string;
  hint?: string;
  secret?: boolean;
  put(value: string): void;
}

export function Field({ label, value, hint = "", secret = false, put }: Props) {
  const told = {
    spellcheck: false,
    value,
    placeholder: hint,
    onInput: (event: { currentTarget: HTMLInputElement }) => put(event.currentTarget.value),
  };
  return (
    <label class="field">
      <span>{label}</span>
      {secret ? (
        <input type="password" autoComplete="new-password" {...told} />
      ) : (
        <input type="text" autoComplete="off" {...told} />
      )}
    </label>
  );
}
