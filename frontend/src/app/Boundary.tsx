import { Component, type ErrorInfo, type ReactNode } from "react";
import { api } from "../api";
import { messageOf } from "../lib/errors";
import { ErrorNote } from "../ui/States";

interface State {
  error: unknown;
}

/** Shows what went wrong in a view, instead of nothing at all. */
export class Boundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo) {
    reportError(error);
    // A page that could not be fetched may mean that the session is over, which a refused call makes known.
    api.call("status.get").catch(() => {});
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
