import { Button, Modal, Stack } from "@mantine/core";
import { useState } from "react";
import { api, type Key } from "../../api";
import { ErrorNote } from "../../ui/States";
import { useTask } from "../../ui/useTask";
import classes from "./Keys.module.css";
import { RateFields, type Rates } from "./RateFields";

/** Sets what a key may do in a minute. */
export function RateDialog({ of: key, onClose }: { of: Key; onClose(): void }) {
  const [rates, setRates] = useState<Rates>({
    requestsPerMinute: key.requestsPerMinute,
    tokensPerMinute: key.tokensPerMinute,
    concurrency: key.concurrency,
  });
  const task = useTask();
  return (
    <Modal opened onClose={onClose} title={`Rate limits of “${key.name}”`}>
      <form
        onSubmit={async event => {
          event.preventDefault();
          if (await task.run(() => api.call("keys.limit", { key: key.name, ...rates }))) onClose();
        }}
      >
        <Stack gap="sm">
          <p>Who goes beyond is answered with 429 and told when to come again.</p>
          <RateFields value={rates} onChange={setRates} />
          {task.error && <ErrorNote title="The limits were not set" message={task.error} />}
          <div className={classes.buttons}>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={task.busy}>
              Save
            </Button>
          </div>
        </Stack>
      </form>
    </Modal>
  );
}
