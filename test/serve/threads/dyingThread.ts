/** @file A thread that answers what it is asked, and dies of "die". */

import { answerQuestions } from "../../../src/serve/threads/answerQuestions.js";

await answerQuestions(() =>
  Promise.resolve({
    answer: (question: string) => {
      if (question === "die") process.exit(3);
      if (question === "refuse") throw new RangeError("refused");
      return Promise.resolve(`${question}!`);
    },
    close: () => Promise.resolve(),
  }),
);
