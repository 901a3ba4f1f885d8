// RuntimeMeasurements: what this device is about to rely on, in a log on its disk and in a register
// of its TPM, before it relies on it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attestation/runtime_log/runtime_event.h"
#include "attestation/runtime_log/runtime_log.h"
#include "attestation/runtime_log/runtime_recovery.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/fd.h"
#include "codec/json.h"
#include "crypto/bank_digest.h"
#include "platform/tpm/tpm.h"

namespace vedette::agent {

// Thread-safe; one per state folder and register. A record is on stable storage before the register
// is extended with it, and the register is read before each record, so that log and register are at
// most one record apart (attestation/runtime_log/runtime_recovery.h). A log is kept in every bank
// that is active when it begins, since it is the server that chooses which one to quote.
//
// Once the register holds what the log does not explain, measure() refuses until the next boot:
// nothing may take effect that the register cannot vouch for. So it does, until the agent starts
// again, when the register was reset under it: what is in effect already is not in it any more.
class RuntimeMeasurements {
 public:
  // `runtime-log.cel` in `state_folder`, which exists, against the register as it is now. A
  // register that the log does not explain is no refusal here. Refuses FILE-* and TPM-*.
  [[nodiscard]] static Result<std::unique_ptr<RuntimeMeasurements>> open(
      const std::string& state_folder, std::uint8_t pcr, platform::Tpm& tpm);

  // When it returns, the event is in the log and in the register. An event that equals the latest
  // one of its kind and name is there already. Refuses ATT-RUNTIME-EVENT, FILE-* and TPM-*, and
  // AGT-RUNTIME-LOG when the register cannot vouch for more, or the log is full: it holds what one
  // evidence may (attestation::kMaxRuntimeRecords, kMaxRuntimeLogBytes).
  [[nodiscard]] Result<void> measure(const attestation::RuntimeEvent& event);

  [[nodiscard]] std::uint8_t pcr() const { return pcr_; }
  [[nodiscard]] std::uint64_t count() const;
  // The records from number `first` on, as many as one evidence may hold. Refuses AGT-RUNTIME-RANGE
  // beyond count(), and FILE-*.
  [[nodiscard]] Result<Bytes> records_from(std::uint64_t first) const;

  // Why measure() refuses for good; none while it does not.
  [[nodiscard]] std::optional<Error> broken() const;
  [[nodiscard]] codec::Json status() const;  // `{"register","records","error"?}`

 private:
  using Name = std::pair<attestation::RuntimeEventKind, std::string>;

  RuntimeMeasurements(std::string path, UniqueFd file, std::uint8_t pcr, platform::Tpm& tpm)
      : path_(std::move(path)), file_(std::move(file)), pcr_(pcr), tpm_(tpm) {}

  [[nodiscard]] Result<void> settle();
  [[nodiscard]] Result<void> recover(const std::vector<crypto::BankDigest>& values);
  [[nodiscard]] Result<Bytes> read_log() const;
  [[nodiscard]] Result<void> cut(std::uint64_t octets);
  void load(ByteView log, const std::vector<crypto::BankDigest>& values);
  [[nodiscard]] Result<void> check_room(std::size_t octets) const;
  [[nodiscard]] Result<void> write_record(ByteView record);
  void remember(const attestation::RuntimeEvent& event, std::size_t octets);

  const std::string path_;
  const UniqueFd file_;
  const std::uint8_t pcr_;
  platform::Tpm& tpm_;

  mutable std::mutex
      mutex_;  // held over the disk's and the TPM's answers: records are in one order
  std::vector<std::uint64_t> ends_;  // of the records in the file
  std::map<Name, attestation::RuntimeEvent> latest_;
  attestation::Banks banks_;                // that they are extended in
  std::vector<crypto::BankDigest> values_;  // of the register after them, in every bank there is
  bool settled_ = false;                    // file, memory and register agree
  bool vouched_ = false;  // the register has vouched for something since the agent's start
  std::optional<Error> broken_;
};

}  // namespace vedette::agent
