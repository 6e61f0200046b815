export function LabelView(_: { readonly asking: boolean }) {
  return <p>Label</p>;
}
