// SigningKeys: the verifier's keys, which sign verdicts, access tokens and the word on renewals,
// and follow one another.
//
//   signing/<seconds>.key    begins to sign at that time (of Unix); kept as server/key_custody.h
//   says
//
// There is no other record: what the folder holds after a crash is what there is.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/jwk_set.h"
#include "crypto/key.h"
#include "identity/key_schedule.h"
#include "server/key_custody.h"

namespace vedette::server {

// Thread-safe.
class SigningKeys {
 public:
  // Loads the keys, and makes what the schedule wants, the first one too. A `verifier.key` of
  // before becomes the first. Refuses FILE-*, KEY-*.
  [[nodiscard]] static Result<std::unique_ptr<SigningKeys>> open(const std::string& state_folder,
                                                                 KeyCustody custody,
                                                                 const identity::KeyTerms& terms,
                                                                 TimePoint now);

  struct Signer {
    crypto::PrivateKey key;
    std::string id;  // SHA-256 of the public key, hexadecimal
  };
  [[nodiscard]] Signer signer(TimePoint now) const;
  // Only of a key that is current, former or next at `now`: a stale id finds nothing.
  [[nodiscard]] std::optional<crypto::PublicKey> find(const std::string& id, TimePoint now) const;
  // All of these, for relying parties; each with the time when it ends, where that is known.
  [[nodiscard]] std::vector<crypto::Jwk> published(TimePoint now) const;

  // Makes the next key in time, and removes what is stale. To be called now and then; a key signs
  // only after it was written, and where it could not be, the present one goes on.
  [[nodiscard]] Result<void> tend(TimePoint now);

 private:
  struct Key {
    TimePoint begins;
    Signer signer;
  };

  SigningKeys(std::string folder, KeyCustody custody, const identity::KeyTerms& terms)
      : folder_(std::move(folder)), custody_(std::move(custody)), terms_(terms) {}

  [[nodiscard]] Result<void> load();
  [[nodiscard]] std::vector<TimePoint> begins() const;
  [[nodiscard]] identity::KeyStage stage(std::size_t index, TimePoint now) const;

  const std::string folder_;
  const KeyCustody custody_;
  const identity::KeyTerms terms_;
  std::mutex tending_;        // one at a time makes keys; held while files are written
  mutable std::mutex mutex_;  // guards what follows
  std::vector<Key> keys_;     // their beginnings ascend; never empty once open() is done
};

// For server/state_folder.h: makes the first key of a new folder, which begins at `now`; and the
// files of all keys, in no order. Refuse FILE-*.
[[nodiscard]] Result<void> make_first_signing_key(const std::string& state_folder,
                                                  const KeyCustody& custody, TimePoint now);
[[nodiscard]] Result<std::vector<std::string>> signing_key_files(const std::string& state_folder);

}  // namespace vedette::server
