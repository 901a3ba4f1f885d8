// Document: one metadata file in its author's hands: what is to be signed, and who has signed it.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "codec/json.h"
#include "crypto/key.h"

namespace vedette::release::tuf {

// Members that we do not know are kept, since signatures are over them too. Nothing about it is
// verified: it is a draft until next_publication() believes it.
struct Document {
  codec::Json content = codec::Json::Object{};  // the member `signed`
  codec::Json::Array signatures;
};

// A key as metadata lists it. The identifier is the SHA-256 of the key's canonical form (4.2).
struct ListedKey {
  std::string id;
  codec::Json value;
};

// Ed25519 or P-256. Refuses TUF-KEY-KIND for any other: no client has to know it.
[[nodiscard]] Result<ListedKey> listed_key(const crypto::PublicKey& key);

// Reads a file of the role `root`, `targets`, `snapshot` or `timestamp` by its `_type`, which must
// be what our client reads. Refuses what metadata.h refuses.
[[nodiscard]] Result<Document> read_document(ByteView octets);
[[nodiscard]] Bytes write_document(const Document& document);

// A signature of `key` takes the place of an older one. Refuses TUF-KEY-KIND, TUF-CANONICAL,
// TUF-SIGNATURES beyond as many as a client takes, and KEY-SIGN.
[[nodiscard]] Result<void> sign_document(Document& document, const crypto::PrivateKey& key);

// Counts the version up and drops the signatures, which were over something else. Refuses
// TUF-VERSION where no version can follow.
[[nodiscard]] Result<void> begin_next_version(Document& document, TimePoint expires);

[[nodiscard]] Result<std::int64_t> version_of(const Document& document);

}  // namespace vedette::release::tuf
