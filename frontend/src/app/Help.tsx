import { Modal, Table } from "@mantine/core";
import { useEffect, useState } from "react";
import { Keys } from "../actions/Keys";
import { actions } from "../actions/registry";
import { ui } from "../actions/ui";

/** The keyboard shortcuts, all of them. */
export function Help() {
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    ui.openHelp = () => setOpened(true);
  }, []);
  return (
    <Modal opened={opened} onClose={() => setOpened(false)} title="Keyboard shortcuts" size="md">
      <Table verticalSpacing={6} withRowBorders={false}>
        <Table.Tbody>
          {actions
            .filter(a => a.shortcuts.length > 0)
            .map(a => (
              <Table.Tr key={a.id}>
                <Table.Td>{a.label}</Table.Td>
                <Table.Td ta="right" style={{ whiteSpace: "nowrap" }}>
                  {a.shortcuts.map((s, i) => (
                    <span key={s}>
                      {i > 0 && " or "}
                      <Keys shortcut={s} />
                    </span>
                  ))}
                </Table.Td>
              </Table.Tr>
            ))}
          <Table.Tr>
            <Table.Td>Send the message</Table.Td>
            <Table.Td ta="right">
              <Keys shortcut="enter" />
            </Table.Td>
          </Table.Tr>
          <Table.Tr>
            <Table.Td>Begin a new line in the message</Table.Td>
            <Table.Td ta="right">
              <Keys shortcut="shift+enter" />
            </Table.Td>
          </Table.Tr>
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
