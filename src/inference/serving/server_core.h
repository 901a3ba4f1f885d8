// ServerCore: the mechanism of ModelServer (model_server.h). Shared by the server and its
// posted calls. Private to this folder.
//
// One mutex guards everything that changes. Every function here either takes it, or is marked
// `locked`: then its caller holds it. What must be done without it (callbacks, kills) is collected
// in an Aftermath and carried out when it is released.
#pragma once

#include <deque>
#include <random>
#include <thread>
#include <utility>

#include "inference/serving/model_server.h"
#include "inference/serving/request_queue.h"

namespace vedette::inference::serving {

struct Aftermath {
  std::vector<std::shared_ptr<Replica>> kills;
  std::vector<std::pair<Callback, Answer>> answers;
  std::optional<Error> quarantine;

  [[nodiscard]] bool empty() const { return kills.empty() && answers.empty() && !quarantine; }
};

class ServerCore {
 public:
  ServerCore(ServerSettings settings, ServerParts parts);

  // Starts the threads and waits for every replica's first start.
  [[nodiscard]] Result<void> launch();
  void join();  // after close()

  [[nodiscard]] const ModelMetadata& metadata() const { return metadata_; }
  [[nodiscard]] Answer infer(Inputs inputs, microseconds deadline);
  std::shared_ptr<Call> post(std::vector<Tensor> inputs, microseconds deadline, Callback callback);
  bool cancel(Call& call);
  void close(Error reason);
  [[nodiscard]] ServingStats stats() const;
  [[nodiscard]] bool ready() const;

 private:
  enum class Use : std::uint8_t {
    down,     // no living replica; its thread raises one
    idle,     // in idle_
    leased,   // a caller's thread has it
    serving,  // its own thread works the queue off
    probing,  // its own thread feels its pulse
  };
  struct Slot {
    explicit Slot(const HealthPolicy& policy) : health(policy) {}

    std::shared_ptr<Replica> replica;  // replaced by the slot's thread alone, and only while down
    ReplicaHealth health;
    Use use = Use::down;
    bool collecting = false;  // serving, and waiting for company
    SteadyTime probe_at;
    std::optional<Result<void>> first_start;
    std::condition_variable bell;  // for the slot's thread
    std::thread thread;
  };
  // Gives a leased replica back even if the call throws: it is in an unknown state then, and dead.
  class Lease;

  using Lock = std::unique_lock<std::mutex>;

  // server_core.cpp: calls
  [[nodiscard]] microseconds patience(SteadyTime deadline, SteadyTime now) const;
  [[nodiscard]] SteadyTime deadline_of(SteadyTime arrived, microseconds deadline) const;
  [[nodiscard]] Answer infer_leased(Slot& slot, Inputs inputs, SteadyTime arrived,
                                    SteadyTime deadline);
  [[nodiscard]] Answer wait_for_answer(Lock& lock, Call& call);
  [[nodiscard]] std::optional<Error> enqueue_locked(const std::shared_ptr<Call>& call,
                                                    Aftermath& after);
  void wake_a_replica_locked();
  [[nodiscard]] Answer judged_locked(Answer answer, SteadyTime deadline, SteadyTime now) const;
  void count_locked(const Answer& answer, SteadyTime::duration latency);
  void settle_locked(Call& call, Answer answer, SteadyTime now, Aftermath& after);
  void refuse_expired_locked(SteadyTime now, Aftermath& after);
  void refuse_all_locked(const Error& reason, SteadyTime now, Aftermath& after);
  void carry_out(Aftermath after);

  // server_core_replicas.cpp: replicas
  void run(Slot& slot);
  void raise_locked(Slot& slot, Lock& lock);
  void start_locked(Slot& slot, Lock& lock);
  void rest_locked(Slot& slot, Lock& lock);
  void probe_locked(Slot& slot, Lock& lock);
  void serve_locked(Slot& slot, Lock& lock);
  void compute_locked(Slot& slot, const RequestQueue::Items& batch, Lock& lock, Aftermath& after);
  [[nodiscard]] std::vector<Answer> ask(Replica& replica, const RequestQueue::Items& batch) const;
  [[nodiscard]] std::vector<Answer> ask_each(Replica& replica,
                                             const RequestQueue::Items& batch) const;
  void adopt_locked(Slot& slot, Result<std::unique_ptr<Replica>> made, Aftermath& after);
  void release_locked(Slot& slot);
  void finish_locked(Slot& slot, const std::optional<Error>& death, SteadyTime now,
                     Aftermath& after);
  void bury_locked(Slot& slot, const Error& cause, SteadyTime now, Aftermath& after);
  void quarantine_locked(Death why, const Error& cause, SteadyTime now, Aftermath& after);
  void close_locked(Error reason, SteadyTime now, Aftermath& after);
  [[nodiscard]] std::optional<Error> unavailable_locked(SteadyTime now) const;

  const ServerSettings settings_;
  const ServerParts parts_;
  const MonotonicClock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable first_starts_;
  std::deque<Slot> slots_;   // fixed in number once launched
  std::vector<Slot*> idle_;  // the last used on top: its caches are warm
  RequestQueue queue_;
  bool metadata_known_ = false;
  ModelMetadata metadata_;  // immutable once known
  std::optional<Error> closed_;
  DeathWindow deaths_;
  std::minstd_rand jitter_;
  ServingStats stats_;
};

// The refusal of a call after which the replica must be taken for dead; nothing when it lives on.
[[nodiscard]] std::optional<Error> death_in(const Answer& answer, Replica& replica);

}  // namespace vedette::inference::serving
