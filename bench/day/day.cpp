#include "day.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include <sys/resource.h>

#include "platform/net/beast/beast_http.h"
#include "platform/store/sqlite/sqlite_store.h"
#include "server/state_folder.h"

#include "board.h"
#include "control_room.h"
#include "day_settings.h"
#include "errand.h"
#include "verifier_process.h"

namespace vedette::bench {

namespace {

constexpr std::chrono::seconds kTick{60};
// No verdict lives longer, so that no server tells a device to come later. It may all the same.
constexpr std::chrono::seconds kLongestAdvice{3600};
constexpr Duration kBeyondTheDay = std::chrono::hours(2);
// That many at least, that the kill meets some under way.
constexpr std::size_t kOfEachConnectionAtTheKill = 10;

double own_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// What one thread of devices has seen.
struct Watched {
  std::vector<std::size_t> lost;
  std::vector<std::pair<std::size_t, std::chrono::seconds>> next;
  std::vector<double> challenge_microseconds;
  std::vector<double> evidence_microseconds;
  Discrepancies discrepancies;
  std::uint64_t boots = 0;
  std::uint64_t others = 0;
  std::uint64_t turned_away = 0;
  std::map<Lie, std::uint64_t> lies_refused;
};

// Waits until so many are done.
void await(const std::atomic<std::size_t>& done, std::size_t enough) {
  for (std::size_t seen = done; seen < enough; seen = done)
    done.wait(seen);
}

class Day {
 public:
  explicit Day(const DaySettings& settings, DayBoard board, TimePoint begin)
      : settings_(settings),
        board_(std::move(board)),
        begin_(begin),
        fleet_(settings.fleet, begin, settings.length),
        due_(static_cast<std::size_t>(Duration(settings.length) / kTick) + 1) {}

  [[nodiscard]] Result<DayFigures> run() {
    VEDETTE_CHECK(set_up());
    VEDETTE_CHECK(start_verifier());
    VEDETTE_CHECK(control_->set_references(fleet_));
    VEDETTE_CHECK(restart());  // so that what is resident is what references and no device need
    plan();
    const auto wall = std::chrono::steady_clock::now();
    const double own = own_seconds();
    const std::size_t middle = due_.size() / 2;
    VEDETTE_TRY(const Memory memory, verifier_->memory());
    figures_.resident_at_start = memory.resident;
    figures_.database_at_start = database_octets();
    begin_stretch();
    for (std::size_t tick = 0; tick + 1 < due_.size(); ++tick) {
      VEDETTE_CHECK(pass(tick, tick == middle));
      if (tick == morning_end()) end_stretch(figures_.morning);
      if (tick % 60 == 59) settings_.tell(progress(tick));
    }
    end_stretch(figures_.rest);
    figures_.devices_seconds = own_seconds() - own;
    figures_.wall_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count();
    VEDETTE_CHECK(conclude());
    return std::move(figures_);
  }

 private:
  [[nodiscard]] TimePoint time_of(std::size_t tick) const { return begin_ + tick * kTick; }
  [[nodiscard]] std::size_t morning_end() const {
    return static_cast<std::size_t>(settings_.interval / kTick);
  }

  Result<void> set_up() {
    board_.set(begin_);
    const std::string state = state_folder(settings_.folder);
    VEDETTE_TRY(const auto domain, identity::TrustDomain::parse(kTrustDomain));
    VEDETTE_TRY(const auto admin, OperatorId::parse("admin"));
    VEDETTE_TRY(const auto custody, server::KeyCustody::open(insecure_day_keys(), nullptr));
    VEDETTE_CHECK(server::create_state(state, domain, admin, begin_, custody));
    VEDETTE_TRY(const auto keys, server::load_state(state, domain, begin_, custody));
    VEDETTE_TRY(const auto store, platform::open_sqlite_store(database_path(settings_.folder)));
    settings_.tell("enrolling " + std::to_string(fleet_.subjects().size()) + " devices");
    VEDETTE_CHECK(
        fleet_.enroll(keys.authority, *store, begin_, Duration(settings_.length) + kBeyondTheDay));
    VEDETTE_TRY(control_, ControlRoom::open(*http_, settings_.folder));
    return {};
  }

  Result<void> start_verifier() {
    VEDETTE_TRY(auto started, VerifierProcess::start(settings_.program, settings_.folder,
                                                     settings_.interval, settings_.handlers));
    verifier_.emplace(std::move(started));
    return {};
  }

  Result<void> restart() {
    VEDETTE_CHECK(note_memory());
    VEDETTE_CHECK(bury(verifier_->stop()));
    return start_verifier();
  }

  Result<void> bury(const Result<double>& ended) {
    VEDETTE_TRY(const double seconds, ended);
    buried_seconds_ += seconds;
    return {};
  }

  Result<void> note_memory() {
    VEDETTE_TRY(const Memory memory, verifier_->memory());
    figures_.resident_peak = std::max(figures_.resident_peak, memory.peak);
    return {};
  }

  // Everybody comes once within the first interval.
  void plan() {
    const auto ticks = std::max<std::size_t>(morning_end(), 1);
    for (std::size_t i = 0; i < fleet_.subjects().size(); ++i)
      due_[i % ticks].push_back(i);
    for (std::size_t i = 0; i < fleet_.subjects().size(); ++i)
      if (const TimePoint at = fleet_.subjects()[i].fate.revoked_at; at != kNever)
        revocations_.emplace(at, i);
  }

  Result<void> pass(std::size_t tick, bool kill) {
    const TimePoint now = time_of(tick);
    board_.set(now);
    VEDETTE_CHECK(sweep(now));
    VEDETTE_CHECK(revoke(now));
    if (!kill) return attend(tick, std::exchange(due_[tick], {}));
    return die_and_return(tick);
  }

  Result<void> sweep(TimePoint now) {
    VEDETTE_CHECK(control_->sweep());  // who was found is in the log, each with its time
    figures_.silent_found += fall_silent(fleet_.subjects(), now, silence_limit(settings_.interval));
    return {};
  }

  Result<void> revoke(TimePoint now) {
    while (!revocations_.empty() && revocations_.begin()->first <= now) {
      const std::size_t index = revocations_.begin()->second;
      VEDETTE_CHECK(control_->revoke(fleet_.subjects()[index].device.id()));
      revocations_.erase(revocations_.begin());
    }
    return {};
  }

  // Those devices attest, some at a time. Who was lost is left to be attended to again.
  Result<std::vector<std::size_t>> attend_once(TimePoint now, const std::vector<std::size_t>& who,
                                               std::atomic<std::size_t>& done) {
    std::vector<Watched> watched(settings_.connections);
    std::atomic<std::size_t> next = 0;
    {
      std::vector<std::jthread> threads;
      for (Watched& mine : watched) {
        VEDETTE_TRY(auto client, connect());
        threads.emplace_back([&, client = std::move(client)] {
          for (std::size_t i = next++; i < who.size(); i = next++) {
            attend_to(who[i], now, *client, mine);
            ++done;
            done.notify_all();
          }
        });
      }
    }
    std::vector<std::size_t> lost;
    for (Watched& one : watched)
      gather(one, now, lost);
    return lost;
  }

  Result<void> attend(std::size_t tick, const std::vector<std::size_t>& who) {
    std::atomic<std::size_t> done = 0;
    VEDETTE_TRY(const auto lost, attend_once(time_of(tick), who, done));
    for (const std::size_t index : lost)
      figures_.discrepancies.add(fleet_.subjects()[index].device.id().str() +
                                 " did not reach the verifier");
    return {};
  }

  // Who is due, and where those are few, who would be within the next interval.
  std::vector<std::size_t> crowd(std::size_t tick) {
    auto who = std::exchange(due_[tick], {});
    const std::size_t enough = settings_.connections * kOfEachConnectionAtTheKill;
    const std::size_t end = std::min(tick + morning_end() + 1, due_.size());
    for (std::size_t later = tick + 1; later < end && who.size() < enough; ++later) {
      const auto early = std::ranges::partition(due_[later], [&](std::size_t index) {
        return is_silent(fleet_.subjects()[index].fate, time_of(tick));
      });
      who.insert(who.end(), early.begin(), early.end());
      due_[later].erase(early.begin(), early.end());
    }
    return who;
  }

  // The verifier is killed while it judges, and comes back.
  Result<void> die_and_return(std::size_t tick) {
    const auto who = crowd(tick);
    const TimePoint now = time_of(tick);
    VEDETTE_TRY(auto client, connect());
    Device& held = fleet_.golden().front();
    VEDETTE_TRY(const Question question, ask(held, *client));
    std::atomic<std::size_t> done = 0;
    Result<std::vector<std::size_t>> lost;
    {
      const std::jthread devices([&] {
        lost = attend_once(now, who, done);
        done = who.size();  // also when it was refused
        done.notify_all();
      });
      await(done, who.size() / 4);
      VEDETTE_CHECK(note_memory());
      VEDETTE_CHECK(bury(verifier_->kill()));
    }
    VEDETTE_CHECK(lost);
    figures_.waited_for_restart = lost->size();
    settings_.tell("the verifier was killed; " + std::to_string(lost->size()) +
                   " devices wait for it");
    if (lost->empty()) figures_.discrepancies.add("nobody was there when the verifier was killed");
    VEDETTE_CHECK(start_verifier());
    VEDETTE_CHECK(look_into_the_store(figures_.trusted_after_restart));
    VEDETTE_TRY(const auto anew, connect());
    const auto answered = submit(held, held.answer(question.nonce, question.wish), *anew);
    if (answered || answered.error().code != "ATT-NONCE-UNKNOWN")
      figures_.discrepancies.add("a challenge from before the restart was good after it");
    return attend(tick, *lost);
  }

  Result<void> look_into_the_store(std::uint64_t& trusted) {
    VEDETTE_TRY(const auto store, platform::open_sqlite_store(database_path(settings_.folder)));
    VEDETTE_TRY(trusted, audit_store(*store, fleet_, figures_.discrepancies));
    return {};
  }

  void attend_to(std::size_t index, TimePoint now, platform::HttpClient& client, Watched& mine) {
    Subject& subject = fleet_.subjects()[index];
    make_ready(subject, now, settings_.fleet.life);
    const bool is_boot = !subject.device.sent_since_boot();
    const Outcome outcome = attest(subject.device, client);
    if (outcome.lost) {
      if (outcome.evidence_sent) subject.in_the_dark = true;
      mine.lost.push_back(index);
      return;
    }
    // The alarm was raised by evidence that the verifier died over.
    if (subject.in_the_dark && subject.device.lie() == Lie::old_clock)
      subject.quarantined = outcome.code == "AUTH-QUARANTINED";
    const std::string_view expected = expected_code(subject, now);
    if (outcome.code != expected)
      mine.discrepancies.add(subject.device.id().str() + " at " + to_rfc3339(now) + " (" +
                             std::string(to_string(subject.device.lie())) + "): " +
                             (outcome.code.empty() ? "accepted" : outcome.code) + " instead of " +
                             (expected.empty() ? "accepted" : std::string(expected)));
    if (const Lie lie = subject.device.lie(); lie != Lie::none && outcome.code == refusal_of(lie))
      ++mine.lies_refused[lie];
    settle(subject, now);
    const bool as_told = outcome.code.empty() && settings_.interval <= kLongestAdvice;
    mine.next.emplace_back(index, as_told ? outcome.again_in : settings_.interval);
    if (!outcome.evidence_sent) {
      ++mine.turned_away;
      return;
    }
    ++(is_boot ? mine.boots : mine.others);
    using Microseconds = std::chrono::duration<double, std::micro>;
    mine.challenge_microseconds.push_back(Microseconds(outcome.challenge_time).count());
    mine.evidence_microseconds.push_back(Microseconds(outcome.evidence_time).count());
  }

  void gather(Watched& one, TimePoint now, std::vector<std::size_t>& lost) {
    const auto move_to = [](auto& to, const auto& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    move_to(lost, one.lost);
    move_to(figures_.challenge_microseconds, one.challenge_microseconds);
    move_to(figures_.evidence_microseconds, one.evidence_microseconds);
    figures_.discrepancies.add(one.discrepancies);
    figures_.turned_away += one.turned_away;
    for (const auto& [lie, count] : one.lies_refused)
      figures_.lies_refused[lie] += count;
    stretch_.boots += one.boots;
    stretch_.others += one.others;
    for (const auto& [index, in] : one.next)
      schedule(index, now + in);
  }

  void schedule(std::size_t index, TimePoint at) {
    const Fate& fate = fleet_.subjects()[index].fate;
    if (is_silent(fate, at)) at = fate.silent_to;
    const auto tick = static_cast<std::size_t>((at - begin_ + kTick - Duration(1)) / kTick);
    if (tick + 1 < due_.size()) due_[tick].push_back(index);
  }

  [[nodiscard]] double verifier_seconds() const {
    return buried_seconds_ + verifier_->processor_seconds() - board_.stand_in_seconds();
  }
  void begin_stretch() { stretch_ = {.verifier_seconds = verifier_seconds()}; }
  void end_stretch(Stretch& stretch) {
    stretch = stretch_;
    stretch.verifier_seconds = verifier_seconds() - stretch_.verifier_seconds;
    begin_stretch();
  }

  [[nodiscard]] double database_octets() const {
    double octets = 0;
    for (const char* part : {"", "-wal"}) {
      std::error_code none;
      const auto size = std::filesystem::file_size(database_path(settings_.folder) + part, none);
      if (!none) octets += static_cast<double>(size);
    }
    return octets;
  }

  [[nodiscard]] std::string progress(std::size_t tick) const {
    return "hour " + std::to_string((tick + 1) / 60) + ": " +
           std::to_string(figures_.evidence_microseconds.size()) + " attestations";
  }

  Result<void> conclude() {
    VEDETTE_CHECK(note_memory());
    VEDETTE_TRY(const Memory memory, verifier_->memory());
    figures_.resident_at_end = memory.resident;
    figures_.stand_in_seconds = board_.stand_in_seconds();
    VEDETTE_CHECK(bury(verifier_->stop()));
    figures_.database_at_end = database_octets();
    settings_.tell("auditing the store and the log");
    VEDETTE_CHECK(look_into_the_store(figures_.trusted_at_end));
    VEDETTE_TRY(const auto store, platform::open_sqlite_store(database_path(settings_.folder)));
    VEDETTE_TRY(figures_.log, audit_log(*store, fleet_, figures_.discrepancies));
    for (const Subject& subject : fleet_.subjects())
      if (subject.in_the_dark) ++figures_.in_the_dark;
    return {};
  }

  [[nodiscard]] Result<std::unique_ptr<platform::HttpClient>> connect() const {
    return control_->device_client();
  }

  const DaySettings& settings_;
  DayBoard board_;
  TimePoint begin_;
  Fleet fleet_;
  std::vector<std::vector<std::size_t>> due_;  // by tick
  std::multimap<TimePoint, std::size_t> revocations_;
  std::unique_ptr<platform::HttpFactory> http_ = platform::make_beast_http();
  std::unique_ptr<ControlRoom> control_;
  std::optional<VerifierProcess> verifier_;
  double buried_seconds_ = 0;  // of processes that have ended
  Stretch stretch_;
  DayFigures figures_;
};

}  // namespace

Result<DayFigures> run_day(const DaySettings& settings) {
  VEDETTE_TRY(DayBoard board, DayBoard::open(board_path(settings.folder)));
  const SystemClock clock;
  const TimePoint begin = from_unix_seconds(to_unix_seconds(clock.now()));
  return Day(settings, std::move(board), begin).run();
}

}  // namespace vedette::bench
