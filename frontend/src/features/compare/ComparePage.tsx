import { NewComparison } from "./NewComparison";
import { Result } from "./Result";

export default function ComparePage({ item }: { item: string }) {
  return item ? <Result id={item} key={item} /> : <NewComparison />;
}
