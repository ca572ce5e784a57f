import { useEffect } from "react";
import classes from "./Chat.module.css";
import { Conversations } from "./Conversations";
import { ThreadView } from "./ThreadView";

export default function ChatPage({ item }: { item: string }) {
  useEffect(() => {
    document.title = "Chat · Gatehouse";
  }, []);
  return (
    <div className={classes.page}>
      <h1 className="visually-hidden">Chat</h1>
      <Conversations current={item} />
      <ThreadView id={item} key={item || "new"} />
    </div>
  );
}
