#include "attestation/appraisal/device_appraisal.h"

#include <algorithm>

#include "attestation/event_log/boot_facts.h"
#include "attestation/ima/ima_appraisal.h"

namespace vedette::attestation {

namespace {

constexpr std::size_t kMaxTold = 4;
constexpr const char* kDisbelieved =
    "the log is not what the firmware wrote: inspect the device, then boot it anew";

std::unexpected<Error> want_logs(std::string cause) {
  return refuse("ATT-LOGS-WANTED", "the quote came without the logs that explain it",
                std::move(cause), "send every log from its beginning with the next quote");
}

Finding finding_of(const ImaFinding& found) {
  const bool is_new =
      found.kind == ImaFindingKind::unknown_file || found.kind == ImaFindingKind::unknown_buffer;
  return {.source = FindingSource::ima,
          .category = shown(found.path),
          .value = found.actual.octets.empty() ? "" : to_string(found.actual),
          .pcr = kImaPcr,
          .claim = TrustClaim::executables,
          .trust = is_new ? trust::kUnrecognised : trust::kContraindicated,
          .words = in_words(found)};
}

std::string told(const DeviceMemory& memory) {
  std::string text;
  const auto first = memory.first_findings();
  const std::size_t count = std::min(first.size(), kMaxTold);
  for (std::size_t i = 0; i < count; ++i)
    text += (i == 0 ? "" : "; ") + first[i].words;
  if (memory.total_findings() > count)
    text += "; and " + std::to_string(memory.total_findings() - count) + " more";
  return text;
}

Error unaccepted(const DeviceMemory& memory) {
  constexpr const char* kHint =
      "see 'vedette attest explain DEVICE'; if the change was meant, accept it as it says there";
  switch (memory.findings.begin()->first) {
    case FindingSource::boot:
      return {"ATT-BOOT-UNACCEPTED",
              "the device has booted something that its group does not accept", told(memory),
              kHint};
    case FindingSource::ima:
      return {"ATT-IMA-UNACCEPTED", "the device has opened files that its group does not accept",
              told(memory), kHint};
    case FindingSource::runtime:
      return {"ATT-RUNTIME-UNACCEPTED",
              "the device has run something that its group does not accept", told(memory), kHint};
  }
  return {};
}

class Appraiser {
 public:
  explicit Appraiser(const AppraisalInputs& in) : in_(in) {}

  DeviceAppraisal take() {
    begin();
    for (const auto step :
         {&Appraiser::judge_boot, &Appraiser::judge_ima, &Appraiser::judge_runtime})
      if (const auto judged = (this->*step)(); !judged) return refused(judged.error());
    Appraisal exact = appraise(
        in_.quote, in_.references == nullptr ? std::nullopt : std::optional(references().exact),
        judged_);
    add_claims(exact);
    if (!exact.error) keep_as_good();
    out_.appraisal = std::move(exact);
    return std::move(out_);
  }

 private:
  [[nodiscard]] const Quote& quote() const { return *in_.quote; }
  [[nodiscard]] codec::TpmAlgorithm bank() const { return bank_of(quote().registers); }
  [[nodiscard]] const ReferenceSet& references() const {
    static const ReferenceSet kNone;
    return in_.references == nullptr ? kNone : *in_.references;
  }

  void begin() {
    fresh_ = !in_.memory || !in_.last || quote().rebooted ||
             bank_of(in_.last->registers) != bank() || in_.memory->references != references().id;
    if (in_.memory) out_.memory = *in_.memory;
    out_.memory.refusal.reset();
    if (!fresh_) return;
    DeviceMemory anew;
    anew.references = references().id;
    anew.good_event_log = out_.memory.good_event_log;
    anew.good_command_line = std::move(out_.memory.good_command_line);
    anew.good_running = std::move(out_.memory.good_running);
    out_.memory = std::move(anew);
  }

  [[nodiscard]] bool is_as_last(std::uint8_t pcr) const {
    if (fresh_) return false;
    const auto now = quote().registers.find(pcr);
    const auto then = in_.last->registers.find(pcr);
    return now != quote().registers.end() && then != in_.last->registers.end() &&
           now->second == then->second;
  }

  [[nodiscard]] std::set<std::uint8_t> exact_registers() const {
    std::set<std::uint8_t> registers;
    for (const auto& [pcr, values] : references().exact.registers)
      registers.insert(pcr);
    return registers;
  }

  // The registers of the boot: all that no other log fills.
  [[nodiscard]] bool boot_is_as_last() const {
    if (!out_.memory.event_log) return false;
    return std::ranges::all_of(quote().registers, [this](const auto& one) {
      return one.first == kImaPcr || one.first == in_.runtime_register || is_as_last(one.first);
    });
  }

  // A log that nothing asks for is read all the same, so that it can be learnt from; what is wrong
  // with it is of no concern then.
  [[nodiscard]] Result<void> judge_boot() {
    const Accepted& accepted = references().boot;
    const auto read = read_boot();
    if (accepted.empty()) return {};
    VEDETTE_CHECK(read);
    for (const auto& [pcr, value] : quote().registers)
      if (boot_statement_registers().contains(pcr)) judged_.insert(pcr);
    judged_.erase(in_.runtime_register);
    if (!in_.logs.event_log) return {};
    out_.memory.findings.erase(FindingSource::boot);
    remember(out_.memory, FindingSource::boot,
             appraise_statements(out_.boot, FindingSource::boot,
                                 {.accepted = accepted,
                                  .essential = essential_of_boot(accepted),
                                  .is_published = {},
                                  .exact = exact_registers()}));
    return {};
  }

  [[nodiscard]] Result<void> read_boot() {
    if (!in_.logs.event_log) {
      if (boot_is_as_last()) return {};
      out_.memory.event_log.reset();  // it speaks of other registers than these
      return want_logs("the event log of the boot is missing");
    }
    VEDETTE_TRY(EventLog log, parse_event_log(*in_.logs.event_log));
    VEDETTE_TRY(const auto boot,
                verify_event_log(std::move(log), quoted_registers(quote().registers),
                                 {kImaPcr, in_.runtime_register}));
    VEDETTE_TRY(const BootFacts facts, read_boot_facts(boot));
    out_.boot = boot_statements(boot, facts, in_.logs.command_line);
    out_.memory.command_line = in_.logs.command_line;
    out_.memory.event_log = crypto::sha256(*in_.logs.event_log);
    return {};
  }

  // Where a log goes on: at its beginning, or behind what was believed before.
  template <class Replay>
  [[nodiscard]] Result<Replay> continue_at(std::uint64_t from, const Replay& believed,
                                           std::uint64_t count, FindingSource source) {
    if (from == 0) {
      out_.memory.findings.erase(source);
      return Replay{};
    }
    if (fresh_ || from != count)
      return want_logs(std::string(to_string(source)) + " log from " + std::to_string(from) +
                       ", not " + std::to_string(fresh_ ? 0 : count));
    return believed;
  }

  [[nodiscard]] Result<void> judge_ima() {
    if (references().ima == nullptr) return {};
    const auto quoted = quote().registers.find(kImaPcr);
    if (quoted == quote().registers.end())
      return refuse("ATT-PCR-MISSING", "IMA's register was not quoted", "PCR 10");
    judged_.insert(kImaPcr);
    if (!in_.logs.ima) {
      if (is_as_last(kImaPcr) && out_.memory.ima.entries > 0) return {};
      return want_logs("IMA's list is missing");
    }
    VEDETTE_TRY(ImaReplay from, continue_at(in_.logs.ima->from, out_.memory.ima,
                                            out_.memory.ima.entries, FindingSource::ima));
    from.bank = bank();
    VEDETTE_TRY(ImaList list, parse_ima_binary(in_.logs.ima->octets, in_.logs.ima->from));
    const BootRegisters boot{{bank(), quoted_registers(quote().registers).values}};
    VEDETTE_TRY(const auto advanced, advance(from, std::move(list), quoted->second.octets(), boot));
    out_.memory.ima = advanced->replay;
    const ImaAppraisal judged = appraise_ima(advanced, *references().ima);
    std::vector<Finding> findings;
    findings.reserve(judged.findings.size());
    for (const ImaFinding& found : judged.findings)
      findings.push_back(finding_of(found));
    remember(out_.memory, FindingSource::ima, std::move(findings),
             judged.total - judged.findings.size());
    return {};
  }

  [[nodiscard]] Result<void> judge_runtime() {
    const Accepted& accepted = references().runtime;
    const auto read = read_runtime();
    if (accepted.empty()) return {};
    VEDETTE_CHECK(read);
    judged_.insert(in_.runtime_register);
    if (in_.logs.runtime && in_.logs.runtime->from == 0) miss_runtime_kinds();
    remember(out_.memory, FindingSource::runtime,
             appraise_statements(
                 out_.runtime, FindingSource::runtime,
                 {.accepted = accepted, .essential = {}, .is_published = in_.is_published}));
    return {};
  }

  // An agent that says nothing would have nothing said against it. Its first words must be there
  // when the log is read from its beginning, and what was missing then stays found.
  void miss_runtime_kinds() {
    for (const auto kind : {RuntimeEventKind::agent_start, RuntimeEventKind::worker_binary})
      if (!out_.memory.measured.contains(kind))
        remember(out_.memory, FindingSource::runtime,
                 {silence(std::string(to_string(kind)), FindingSource::runtime)});
  }

  [[nodiscard]] Result<void> read_runtime() {
    const auto quoted = quote().registers.find(in_.runtime_register);
    if (quoted == quote().registers.end())
      return refuse("ATT-PCR-MISSING", "the agent's register was not quoted",
                    "PCR " + std::to_string(in_.runtime_register));
    if (!in_.logs.runtime) {
      if (is_as_last(in_.runtime_register)) return {};
      return want_logs("the runtime measurement log is missing");
    }
    const auto& slice = *in_.logs.runtime;
    VEDETTE_TRY(const RuntimeReplay from,
                continue_at(slice.from, out_.memory.runtime, out_.memory.runtime.records,
                            FindingSource::runtime));
    if (slice.from == 0) {
      out_.memory.running.clear();
      out_.memory.measured.clear();
    }
    VEDETTE_TRY(const RuntimeLog log,
                parse_runtime_log(slice.octets, slice.from, in_.runtime_register));
    VEDETTE_TRY(const auto advanced, advance(from, log, quoted->second));
    out_.memory.runtime = advanced->replay;
    out_.runtime = runtime_statements(advanced->events, in_.runtime_register);
    remember(out_.memory, advanced->events);
    return {};
  }

  // What was judged well, then what was not: the worst counts.
  void add_claims(Appraisal& appraisal) const {
    TrustVector& vector = appraisal.vector;
    const auto affirm = [&vector](TrustClaim claim, std::int8_t value) {
      if (tier_of(vector[claim]) <= TrustTier::affirming) vector.set(claim, value);
    };
    const bool has_ima = references().ima != nullptr;
    if (!references().boot.empty()) {
      affirm(TrustClaim::configuration, trust::kRecognised);
      affirm(TrustClaim::executables, has_ima ? trust::kRecognised : trust::kBootRecognised);
    }
    if (has_ima) affirm(TrustClaim::file_system, trust::kRecognised);
    for (const auto& [source, found] : out_.memory.findings)
      for (std::size_t i = 0; i < kTrustClaims; ++i) {
        const auto claim = static_cast<TrustClaim>(i);
        if (tier_of(found.worst[claim]) > tier_of(vector[claim]))
          vector.set(claim, found.worst[claim]);
      }
    if (!out_.memory.findings.empty()) appraisal.error = unaccepted(out_.memory);
    appraisal.status = vector.worst();
  }

  void keep_as_good() {
    out_.memory.good_event_log = out_.memory.event_log;
    out_.memory.good_command_line = out_.memory.command_line;
    out_.memory.good_running = out_.memory.running;
  }

  // A log that is none, or not the registers': nothing of it is kept but why, so that all is sent
  // again. One that is merely missing is on its way; until it is believed, nothing makes up for
  // those that were not.
  [[nodiscard]] DeviceAppraisal refused(Error error) {
    Appraisal appraisal = appraise(in_.quote, std::nullopt);
    const bool wanted = error.code == "ATT-LOGS-WANTED";
    if (error.hint.empty() && error.code.starts_with("ATT-LOG-")) error.hint = kDisbelieved;
    if (wanted) appraisal.vector = {};
    if (!wanted)
      remember(out_.memory, error);
    else if (in_.memory)
      out_.memory.refusal = in_.memory->refusal;
    appraisal.error = std::move(error);
    out_.memory.references = {};
    out_.appraisal = std::move(appraisal);
    return std::move(out_);
  }

  const AppraisalInputs& in_;
  bool fresh_ = true;
  std::set<std::uint8_t> judged_;
  DeviceAppraisal out_;
};

}  // namespace

LogWish wish_for(const std::optional<DeviceMemory>& memory, const ReferenceSet* references) {
  if (references == nullptr || !memory || memory->references != references->id ||
      !memory->findings.empty())
    return {.event_log = true, .ima_from = 0, .runtime_from = 0};
  return {.event_log = !memory->event_log.has_value(),
          .ima_from = memory->ima.entries,
          .runtime_from = memory->runtime.records};
}

DeviceAppraisal appraise_device(const AppraisalInputs& inputs) {
  return Appraiser(inputs).take();
}

}  // namespace vedette::attestation
