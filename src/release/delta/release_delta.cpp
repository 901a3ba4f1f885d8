#include "release/delta/release_delta.h"

#include <algorithm>

namespace vedette::release {

Result<VerifiedDelta> verify_release_delta(std::string_view envelope,
                                           std::span<const crypto::PublicKey> publishers,
                                           const FileIdentity& file) {
  VEDETTE_TRY(VerifiedDelta delta, verify_delta_statement(envelope, publishers));
  if (delta->target != file)
    return refuse("DELTA-OTHER", "the delta makes another file than the release has",
                  "it makes " + to_hex(delta->target.sha256), "make it again, of this file");
  if (delta->delta.size >= file.size)
    return refuse("DELTA-OTHER", "the delta is no smaller than the file that it makes",
                  std::to_string(delta->delta.size) + " bytes", "publish the release without it");
  return delta;
}

const VerifiedDelta* smallest_from(std::span<const VerifiedDelta> deltas,
                                   std::span<const crypto::Sha256Digest> having) {
  const VerifiedDelta* best = nullptr;
  for (const VerifiedDelta& delta : deltas)
    if (std::ranges::find(having, delta->base.sha256) != having.end() &&
        (best == nullptr || delta->delta.size < (*best)->delta.size))
      best = &delta;
  return best;
}

}  // namespace vedette::release
