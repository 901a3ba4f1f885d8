// Trials: a hostile worker commits one act in its cage, and what became of it is recorded.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "inference/host/worker_spawner.h"
#include "inference/worker/worker.h"

#include "act.h"

namespace vedette::testing {

[[nodiscard]] std::string hostile_worker_path();
// One zygote of hostile workers for a whole test program.
[[nodiscard]] inference::WorkerSpawner& hostile_spawner();
// The strict profile with less memory, at this machine's posture.
[[nodiscard]] inference::Profile strict_profile();

struct Verdict {
  enum class Kind {
    killed,     // by the filter's listener, with evidence
    signalled,  // `value`: the signal
    refused,    // `value`: the errno
    succeeded,  // the act leaked
    endless,    // it ran until its time was up, and was killed
    other,      // `value`: an exit code that says nothing, or -1: there was no trial
  };
  Kind kind = Kind::other;
  int value = -1;
  std::optional<inference::Violation> violation;
  std::string trouble;  // why there was no trial
};

// `killed`, `SIGSEGV`, `EPERM`, `succeeds`, `runs on`.
[[nodiscard]] std::string text_of(const Verdict& verdict);

// Empty when the verdict is what the act deserves in the full cage, with exactly its number and
// arguments as evidence; else a sentence.
[[nodiscard]] std::string fault_in(const Act& act, const Verdict& verdict);

// The verdicts of `acts`, each committed by a worker of its own, several at a time.
[[nodiscard]] std::vector<Verdict> try_acts(inference::WorkerSpawner& spawner,
                                            const inference::Profile& profile,
                                            std::span<const Act> acts, inference::Moment moment);

}  // namespace vedette::testing
