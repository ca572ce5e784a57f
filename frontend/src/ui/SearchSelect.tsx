import { Combobox, InputBase, ScrollArea, useCombobox } from "@mantine/core";
import { IconCheck, IconChevronDown } from "@tabler/icons-react";
import { Fragment, type ReactNode, useState } from "react";
import { matches } from "../lib/search";
import classes from "./SearchSelect.module.css";

export interface SelectOption {
  value: string;
  label: string;
  group: string;
  hint: string;
}

interface Props {
  /** What is chosen, as a screen reader names the field. */
  label: string;
  value: string;
  options: SelectOption[];
  onChange(value: string): void;
  placeholder: string;
  /** Shown where nothing matches. */
  nothing: string;
  icon?: ReactNode;
  size?: "xs" | "sm";
  disabled?: boolean;
  onOpen?: () => void;
  variant?: "default" | "unstyled" | "filled";
}

/** More than this is not read by anyone: the search is there to narrow it. */
const SHOWN = 60;

/** A select that is searched by typing, for lists too long to look through. */
export function SearchSelect(props: Props) {
  const { label, value, options, onChange, placeholder, nothing, icon, size = "sm", disabled } = props;
  const [search, setSearch] = useState("");
  const combobox = useCombobox({
    onDropdownOpen: () => {
      setSearch("");
      props.onOpen?.();
      combobox.focusSearchInput();
    },
    onDropdownClose: () => {
      combobox.resetSelectedOption();
      combobox.focusTarget();
    },
  });
  const found = options.filter(o => matches(search, o.value, o.label, o.hint, o.group));
  const shown = found.slice(0, SHOWN);
  const chosen = options.find(o => o.value === value);
  const groups = [...new Set(shown.map(o => o.group))];
  const text = chosen ? chosen.label : value;
  const hint = chosen && !chosen.group ? chosen.hint : "";

  return (
    <Combobox
      store={combobox}
      onOptionSubmit={picked => {
        combobox.closeDropdown();
        if (picked !== value) onChange(picked);
      }}
      position="bottom-start"
      width={360}
      shadow="md"
      withinPortal
    >
      <Combobox.Target targetType="button">
        <InputBase
          component="button"
          type="button"
          pointer
          size={size}
          variant={props.variant}
          disabled={disabled}
          leftSection={icon}
          rightSection={<IconChevronDown size={14} />}
          rightSectionPointerEvents="none"
          onClick={() => combobox.toggleDropdown()}
          aria-label={`${label}: ${text || placeholder}${hint && ` ${hint}`}`}
          classNames={{ input: classes.target }}
        >
          <span className={text ? classes.text : classes.placeholder}>{text || placeholder}</span>
          {hint && <span className={classes.targetHint}> {hint}</span>}
        </InputBase>
      </Combobox.Target>
      <Combobox.Dropdown className={classes.dropdown}>
        <Combobox.Search
          value={search}
          onChange={event => {
            setSearch(event.currentTarget.value);
            combobox.selectFirstOption();
          }}
          placeholder="Search"
          aria-label={`Search ${label.toLowerCase()}`}
        />
        <Combobox.Options aria-label={label}>
          <ScrollArea.Autosize mah={320} type="auto" scrollbarSize={8}>
            {shown.length === 0 && <Combobox.Empty>{search ? "Nothing matches." : nothing}</Combobox.Empty>}
            {groups.map(group => {
              const members = shown
                .filter(o => o.group === group)
                .map(o => (
                  <Combobox.Option
                    value={o.value}
                    key={`${o.group} ${o.value}`}
                    active={o.value === value}
                    className={classes.option}
                  >
                    <span className={classes.optionText}>
                      <span className={o.group ? "mono" : undefined}>{o.label}</span>
                      {o.hint && <span className={classes.hint}>{o.hint}</span>}
                    </span>
                    {o.value === value && <IconCheck size={15} aria-label="chosen" />}
                  </Combobox.Option>
                ));
              return group ? (
                <Combobox.Group label={group} key={group}>
                  {members}
                </Combobox.Group>
              ) : (
                <Fragment key="">{members}</Fragment>
              );
            })}
          </ScrollArea.Autosize>
        </Combobox.Options>
        {found.length > SHOWN && (
          <Combobox.Footer>{found.length - SHOWN} more. Type to narrow them down.</Combobox.Footer>
        )}
      </Combobox.Dropdown>
    </Combobox>
  );
}
