#include "agent/runtime_measurements.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace vedette::agent {

namespace {

using attestation::kRuntimeFileLimits;
using attestation::RuntimeEvent;
using attestation::RuntimeLogRecovery;
using attestation::RuntimeLogState;
using crypto::BankDigest;

constexpr mode_t kPrivateFile = 0600;

std::unexpected<Error> refuse_file(std::string_view code, const std::string& path) {
  return refuse(code, "the runtime measurement log cannot be kept", errno_text(path));
}

std::unexpected<Error> refuse_log(std::string message, std::string cause) {
  return refuse("AGT-RUNTIME-LOG", std::move(message), std::move(cause),
                "restart the device; if it comes back, look for what else extends this register");
}

Result<void> sync_folder(const std::string& folder) {
  const UniqueFd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd.valid() || ::fsync(fd.get()) != 0) return refuse_file("FILE-SYNC", folder);
  return {};
}

// Up to `octets` from `offset` on; fewer at the end of the file.
Result<Bytes> read_at(int fd, std::uint64_t offset, std::size_t octets, const std::string& path) {
  Bytes read(octets);
  std::size_t done = 0;
  while (done < octets) {
    const ssize_t got =
        ::pread(fd, read.data() + done, octets - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse_file("FILE-READ", path);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  read.resize(done);
  return read;
}

Result<void> write_at(int fd, std::uint64_t offset, ByteView octets, const std::string& path) {
  while (!octets.empty()) {
    const ssize_t put = ::pwrite(fd, octets.data(), octets.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return refuse_file("FILE-WRITE", path);
    octets = octets.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return {};
}

std::string text_of(const std::vector<BankDigest>& values) {
  std::string text;
  for (const BankDigest& value : values)
    text += (text.empty() ? "" : ", ") + to_string(value);
  return text;
}

}  // namespace

Result<std::unique_ptr<RuntimeMeasurements>> RuntimeMeasurements::open(
    const std::string& state_folder, std::uint8_t pcr, platform::Tpm& tpm) {
  std::string path = state_folder + "/runtime-log.cel";
  UniqueFd file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kPrivateFile)};
  if (!file.valid()) return refuse_file("FILE-OPEN", path);
  VEDETTE_CHECK(sync_folder(state_folder));
  std::unique_ptr<RuntimeMeasurements> measurements(
      new RuntimeMeasurements(std::move(path), std::move(file), pcr, tpm));
  const std::scoped_lock lock(measurements->mutex_);
  const auto settled = measurements->settle();
  if (!settled && !measurements->broken_) return std::unexpected(settled.error());
  return measurements;
}

Result<void> RuntimeMeasurements::settle() {
  if (broken_) return std::unexpected(*broken_);
  VEDETTE_TRY(const auto values, tpm_.read_register(pcr_));
  if (settled_ && values == values_) return {};
  settled_ = false;
  if (vouched_ && std::ranges::all_of(values, &BankDigest::is_zero)) {
    broken_ = Error{"AGT-RUNTIME-LOG", "the runtime register was reset while the agent runs",
                    "register " + std::to_string(pcr_), "restart the agent"};
    return std::unexpected(*broken_);
  }
  return recover(values);
}

Result<void> RuntimeMeasurements::recover(const std::vector<BankDigest>& values) {
  VEDETTE_TRY(Bytes log, read_log());
  const RuntimeLogRecovery plan = attestation::plan_recovery(log, pcr_, values);
  log.resize(plan.octets_to_keep);
  load(log, values);
  if (plan.state == RuntimeLogState::foreign_extension) {
    // The file stays as it is: it is what an investigator has.
    broken_ = refuse_log(
                  "the runtime register holds what the runtime measurement log does not "
                  "explain",
                  "register " + std::to_string(pcr_) + " is " + text_of(values) + " after " +
                      std::to_string(ends_.size()) + " records, not " + text_of(values_))
                  .error();
    return std::unexpected(*broken_);
  }
  VEDETTE_CHECK(cut(plan.octets_to_keep));
  // A process that was killed may have written without having synced.
  if (::fdatasync(file_.get()) != 0) return refuse_file("FILE-SYNC", path_);
  if (!plan.to_extend.empty()) VEDETTE_CHECK(tpm_.extend(pcr_, plan.to_extend));
  settled_ = true;
  vouched_ = vouched_ || !ends_.empty();
  return {};
}

Result<Bytes> RuntimeMeasurements::read_log() const {
  const off_t size = ::lseek(file_.get(), 0, SEEK_END);
  if (size < 0) return refuse_file("FILE-READ", path_);
  const auto bounded = std::min(static_cast<std::uint64_t>(size),
                                static_cast<std::uint64_t>(kRuntimeFileLimits.max_bytes));
  return read_at(file_.get(), 0, static_cast<std::size_t>(bounded), path_);
}

Result<void> RuntimeMeasurements::cut(std::uint64_t octets) {
  const off_t size = ::lseek(file_.get(), 0, SEEK_END);
  if (size < 0) return refuse_file("FILE-READ", path_);
  if (static_cast<std::uint64_t>(size) == octets) return {};
  if (::ftruncate(file_.get(), static_cast<off_t>(octets)) != 0)
    return refuse_file("FILE-WRITE", path_);
  return {};
}

// What plan_recovery() read of the file, and nothing behind it.
void RuntimeMeasurements::load(ByteView log, const std::vector<BankDigest>& values) {
  ends_.clear();
  latest_.clear();
  banks_.clear();
  values_.clear();
  for (const BankDigest& value : values) {
    banks_.push_back(value.bank());
    values_.emplace_back(value.bank());
  }
  const auto prefix = attestation::read_runtime_prefix(log, pcr_, kRuntimeFileLimits);
  if (!prefix.log.records.empty()) banks_ = prefix.log.records.front().banks();
  for (const attestation::RuntimeRecord& record : prefix.log.records) {
    const auto encoded = attestation::encode_record(ends_.size(), pcr_, record.event, banks_);
    remember(record.event, encoded ? encoded->size() : 0);
  }
}

void RuntimeMeasurements::remember(const RuntimeEvent& event, std::size_t octets) {
  ends_.push_back((ends_.empty() ? 0 : ends_.back()) + octets);
  latest_[{event.kind, event.name}] = event;
  for (const BankDigest& digest : attestation::digests_of(event, banks_)) {
    const auto value = std::ranges::find(values_, digest.bank(), &BankDigest::bank);
    if (value != values_.end()) *value = value->extended(digest);
  }
}

Result<void> RuntimeMeasurements::check_room(std::size_t octets) const {
  const std::uint64_t size = (ends_.empty() ? 0 : ends_.back()) + octets;
  if (ends_.size() < attestation::kMaxRuntimeRecords && size <= attestation::kMaxRuntimeLogBytes)
    return {};
  return refuse_log("the runtime measurement log is full",
                    std::to_string(ends_.size()) + " records");
}

// What a failed write leaves behind is cut off when the log is settled.
Result<void> RuntimeMeasurements::write_record(ByteView record) {
  VEDETTE_CHECK(write_at(file_.get(), ends_.empty() ? 0 : ends_.back(), record, path_));
  if (::fdatasync(file_.get()) != 0) return refuse_file("FILE-SYNC", path_);
  return {};
}

Result<void> RuntimeMeasurements::measure(const RuntimeEvent& event) {
  VEDETTE_CHECK(attestation::check_runtime_event(event));
  const std::scoped_lock lock(mutex_);
  VEDETTE_CHECK(settle());
  const auto latest = latest_.find({event.kind, event.name});
  if (latest != latest_.end() && latest->second == event) return {};
  VEDETTE_TRY(const Bytes record, attestation::encode_record(ends_.size(), pcr_, event, banks_));
  VEDETTE_CHECK(check_room(record.size()));
  settled_ = false;  // until both are done
  VEDETTE_CHECK(write_record(record));
  VEDETTE_CHECK(tpm_.extend(pcr_, attestation::digests_of(event, banks_)));
  remember(event, record.size());
  settled_ = true;
  vouched_ = true;
  return {};
}

std::uint64_t RuntimeMeasurements::count() const {
  const std::scoped_lock lock(mutex_);
  return ends_.size();
}

Result<Bytes> RuntimeMeasurements::records_from(std::uint64_t first) const {
  const std::scoped_lock lock(mutex_);
  if (first > ends_.size())
    return refuse("AGT-RUNTIME-RANGE", "the runtime measurement log holds no such record",
                  std::to_string(first) + " of " + std::to_string(ends_.size()));
  const std::uint64_t begin = first == 0 ? 0 : ends_[first - 1];
  std::uint64_t end = begin;
  for (std::uint64_t next = first; next < ends_.size(); ++next) {
    if (next - first >= attestation::kMaxRuntimeRecords ||
        ends_[next] - begin > attestation::kMaxRuntimeLogBytes)
      break;
    end = ends_[next];
  }
  return read_at(file_.get(), begin, static_cast<std::size_t>(end - begin), path_);
}

std::optional<Error> RuntimeMeasurements::broken() const {
  const std::scoped_lock lock(mutex_);
  return broken_;
}

codec::Json RuntimeMeasurements::status() const {
  const std::scoped_lock lock(mutex_);
  codec::Json json;
  json.set("register", std::int64_t{pcr_}).set("records", std::uint64_t{ends_.size()});
  if (broken_) json.set("error", describe(*broken_));
  return json;
}

}  // namespace vedette::agent
