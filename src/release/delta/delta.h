// Deltas: a release of a model file, told by what changed since another.
//
//   make_delta(base, target, sink)                        at the publisher
//   apply_delta(base, delta, {sha256, size}, sink)        on the device
//
// A delta is not signed by itself: whoever applies it says which target he wants, by the digest
// that a release statement names, and believes nothing until the whole target had that digest. The
// format, its bounds and figures: docs/delta.md.
#pragma once

#include <cstdint>
#include <functional>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/digest.h"
#include "release/delta/byte_source.h"

namespace vedette::release {

struct FileIdentity {
  crypto::Sha256Digest sha256{};
  std::uint64_t size = 0;  // octets

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct DeltaHeader {
  FileIdentity base;
  FileIdentity target;
};

// Takes pieces in order; its refusal ends the work and is passed on.
using ByteSink = std::function<Result<void>(ByteView)>;
// Octets of the target that are done; called at least every mebibyte. May be empty.
using DeltaProgress = std::function<void(std::uint64_t)>;

// Writes the delta that makes `target` of `base`. Deterministic. Besides both it needs up to twice
// the size of the base. Refuses DELTA-SIZE for an empty target, and what the sink refuses.
[[nodiscard]] Result<void> make_delta(ByteView base, ByteView target, const ByteSink& sink,
                                      const DeltaProgress& progress = {});

// What the delta says of itself, unproven. Refuses DELTA-SYNTAX, DELTA-READ.
[[nodiscard]] Result<DeltaHeader> read_delta_header(const ByteSource& delta);

// Makes the target of a delta that anybody may have written. The base is hashed before anything is
// written; then the target's octets go to `sink` as they come, and are to be believed only when
// this succeeds. Memory: about 4 MiB, whatever the sizes. Refuses DELTA-SYNTAX (also an octet too
// many), DELTA-BASE (it was made for another base), DELTA-TARGET (it makes another file than
// `wanted`), DELTA-READ, REL-SIZE, REL-DIGEST, and what the sink refuses.
[[nodiscard]] Result<void> apply_delta(const ByteSource& base, const ByteSource& delta,
                                       const FileIdentity& wanted, const ByteSink& sink,
                                       const DeltaProgress& progress = {});

}  // namespace vedette::release
