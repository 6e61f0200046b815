/** @file The other side of a Thread: what runs in it. */

import { parentPort } from "node:worker_threads";
import { packError } from "../../errors.js";
import { STOP, type FromThread } from "./thread.js";

export interface Answering<Ask, Answer> {
  answer(question: Ask): Promise<Answer>;
  close(): Promise<void>;
}

/** Opens, says so, and answers until it is told to stop. */
export async function answerQuestions<Ask, Answer>(
  open: () => Promise<Answering<Ask, Answer>>,
): Promise<void> {
  const send = (message: FromThread<Answer>): void => parentPort!.postMessage(message);
  try {
    const opened = await open();
    let last = Promise.resolve();
    const answer = async (question: Ask): Promise<void> => {
      try {
        send({ kind: "answer", answer: await opened.answer(question) });
      } catch (error) {
        send({ kind: "failed", error: packError(error) });
      }
    };
    parentPort!.on("message", (question: Ask | typeof STOP) => {
      last = last.then(() => (question === STOP ? close(opened) : answer(question)));
    });
    send({ kind: "ready" });
  } catch (error) {
    send({ kind: "failed", error: packError(error) });
    parentPort!.close();
  }
}

async function close({ close }: { close(): Promise<void> }): Promise<void> {
  await close();
  parentPort!.close();
}
