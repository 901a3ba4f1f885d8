// ReleaseFloors: how old a release may be that this device still runs; its TPM remembers too.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/strong_id.h"
#include "codec/json.h"
#include "crypto/digest.h"
#include "platform/tpm/tpm.h"

namespace vedette::agent {

// Of one model. never_below <= last_good.
struct ReleaseFloor {
  std::uint64_t last_good = 0;    // the release that was last accepted: nothing older may start,
                                  // unless it is blocked
  std::uint64_t never_below = 0;  // what its publisher still vouches for: nothing older, ever
  bool by_two = false;  // two publishers stood by a release of it once: so they must by all later

  friend bool operator==(const ReleaseFloor&, const ReleaseFloor&) = default;
};

// Both floors of each model lie in the state folder; the TPM's ratchet holds SHA-256(what it held
// before || SHA-256(the floors)). So the folder's record is the one last written on this TPM, or it
// is refused: an older copy of it, an edited one, another device's, none at all. This holds against
// who has the folder or the TPM. Who reads and writes the folder and may use the TPM device can
// write floors of his own: the ratchet's authorization lies beside the record. Without the folder's
// secret, the TPM's owner can begin anew. See docs/release-floors.md.
//
// A crash at any point leaves a record that is accepted. Not thread-safe; one per TPM.
class ReleaseFloors {
 public:
  // Makes the ratchet where neither it nor a record is there; takes over the record of a time
  // without one. Refuses AGT-FLOORS (the record is damaged, older than the TPM's or not there) and
  // TPM-*.
  [[nodiscard]] static Result<ReleaseFloors> load(const std::string& folder, platform::Tpm& tpm);

  // The oldest release that may start; 0: any.
  [[nodiscard]] std::uint64_t of(const ModelName& model) const { return floor(model).last_good; }
  [[nodiscard]] ReleaseFloor floor(const ModelName& model) const;

  // The release is good; its publisher vouches for none below `never_below`; `by_two`: another one
  // approved it. Neither floor falls, and the model takes two publishers ever after it took two.
  // Durable, in the TPM too, when it returns. Refuses REL-ROLLBACK for one below the last good,
  // FILE-*, AGT-FLOORS (the TPM stands elsewhere, or the record is gone) and TPM-*. What is refused
  // is not accepted, but for a TPM that moved and could not be asked: the next call hears of it.
  [[nodiscard]] Result<void> accept(const ModelName& model, std::uint64_t release,
                                    std::uint64_t never_below, bool by_two = false);
  // The release is blocked: if it was the last good one, all that are not below the other floor may
  // start. Refuses as accept() does, but for its REL-ROLLBACK.
  [[nodiscard]] Result<void> step_back(const ModelName& model, std::uint64_t blocked);

 private:
  using Floors = std::map<std::string, ReleaseFloor>;
  // A record is believed when the ratchet stands at its mark.
  struct Record {
    crypto::Sha256Digest before{};
    Floors floors;

    [[nodiscard]] crypto::Sha256Digest mark() const;
  };

  ReleaseFloors(std::string folder, platform::Tpm& tpm) : folder_(std::move(folder)), tpm_(&tpm) {}

  [[nodiscard]] static codec::Json to_json(const Record& record);
  [[nodiscard]] static codec::Json to_json(const Floors& floors);
  [[nodiscard]] static Result<Record> read_record(const codec::Json& json);
  [[nodiscard]] static Result<Floors> read_floors(const codec::Json& json);
  [[nodiscard]] static Result<Floors> read_old(const std::string& path);

  [[nodiscard]] static Result<Floors> cut_off(const codec::Json& document);
  [[nodiscard]] Result<void> begin(bool is_made, const std::optional<codec::Json>& document);
  [[nodiscard]] Result<void> adopt(const codec::Json& document, const crypto::Sha256Digest& stands);
  [[nodiscard]] Result<void> catch_up();
  [[nodiscard]] Result<void> save(const std::optional<Record>& next) const;
  [[nodiscard]] Result<void> commit(Floors floors);

  std::string folder_;
  platform::Tpm* tpm_;
  crypto::Sha256Digest ratchet_{};  // where it stands
  Record present_;
};

// Forgets all floors, in the TPM too: the named power to let any release run again.
[[nodiscard]] Result<void> insecure_forget_floors(const std::string& folder, platform::Tpm& tpm);

}  // namespace vedette::agent
