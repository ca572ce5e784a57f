import { MantineProvider } from "@mantine/core";
import { fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { expect, test } from "vitest";
import { Sharing } from "./Sharing";
import type { Shares } from "./sharing";

const part = (name: string) => ({ name, weight: undefined, zeroDataRetention: false });
let last: Shares = {};

function Held({ shares }: { shares: Shares }) {
  const [value, setValue] = useState(shares);
  last = value;
  return (
    <MantineProvider env="test">
      <Sharing value={value} providers={[{ value: "openai", label: "OpenAI" }]} onChange={setValue} />
    </MantineProvider>
  );
}

test("credentials are put in order, weighted and marked", { timeout: 30_000 }, () => {
  render(<Held shares={{ openai: { balance: "weighted", parts: [part("default"), part("work")] } }} />);
  fireEvent.click(screen.getByLabelText("Move work up"));
  fireEvent.change(screen.getByLabelText("Weight of work"), { target: { value: "4" } });
  fireEvent.click(screen.getByLabelText("Agreed with OpenAI that nothing is kept: default"));
  expect(last).toEqual({
    openai: {
      balance: "weighted",
      parts: [
        { ...part("work"), weight: 4 },
        { ...part("default"), zeroDataRetention: true },
      ],
    },
  });
});

test("one credential has nothing to share", () => {
  render(<Held shares={{}} />);
  expect(screen.queryByText("Several credentials")).toBeNull();
});
