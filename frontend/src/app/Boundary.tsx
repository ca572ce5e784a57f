import { Component, type ErrorInfo, type ReactNode } from "react";
import { api } from "../api";
import { messageOf } from "../lib/errors";
import { faultOf } from "../lib/fault";
import { ErrorNote } from "../ui/States";

interface Props {
  /** What is drawn in it. */
  page: string;
  children: ReactNode;
}

interface State {
  error: unknown;
}

/** Shows what went wrong in a view, instead of nothing at all. */
export class Boundary extends Component<Props, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo) {
    reportError(error);
    const fault = faultOf(error, info.componentStack);
    // A page that could not be fetched may mean that the session is over, which a refused call makes known.
    api.call("pages.fault", { page: this.props.page, ...fault }).catch(() => {});
    // biome-ignore lint/suspicious/noConsole: where a developer looks for the place of a fault
    console.error(info.componentStack);
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <div style={{ padding: 24, maxWidth: 720 }}>
        <ErrorNote
          title="This page ran into a fault of its own"
          message={`${messageOf(this.state.error)}. Nothing is lost: it is only the view.`}
          retry={() => window.location.reload()}
        />
      </div>
    );
  }
}
