import { Modal } from "@mantine/core";
import type { ModelOption } from "../../state/models";
import { SearchSelect } from "../../ui/SearchSelect";

interface Props {
  options: ModelOption[];
  onPick(model: string): void;
  onClose(): void;
}

/** Asks which model shall answer instead, for who comes from the palette or by a key. */
export function AskOther({ options, onPick, onClose }: Props) {
  return (
    <Modal opened onClose={onClose} title="Ask another model for the last answer">
      <SearchSelect
        label="Model that answers instead"
        value=""
        options={options}
        placeholder="Choose a model"
        nothing="No models."
        onChange={model => {
          onClose();
          onPick(model);
        }}
      />
    </Modal>
  );
}
