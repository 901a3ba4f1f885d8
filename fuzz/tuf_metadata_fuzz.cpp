// TUF metadata of any octets is read or refused; nothing of it is trusted that a key did not sign;
// and its canonical form, read again, has the same canonical form.
#include <cstdlib>

#include "release/tuf/canonical_json.h"
#include "release/tuf/delegation.h"
#include "release/tuf/trusted_set.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  namespace tuf = release::tuf;
  const ByteView octets(data, size);
  const auto check = [](const auto& metadata) {
    if (!metadata) return;
    const auto again = codec::parse_json(metadata->signed_octets, {.max_depth = 256});
    // Raw control characters are canonical, but not JSON: such text cannot be read again.
    if (!again) return;
    if (tuf::canonical_json(*again) != metadata->signed_octets) std::abort();
  };
  check(tuf::parse_root(octets));
  check(tuf::parse_timestamp(octets));
  check(tuf::parse_snapshot(octets));
  const auto targets = tuf::parse_targets(octets);
  check(targets);
  if (targets && targets->content.delegations)
    for (const auto& child : tuf::children_for(*targets->content.delegations, "a/b.c"))
      if (!tuf::keys_of(*targets->content.delegations, child.role_name)) std::abort();
  (void)tuf::TrustedSet::from_root(octets, TimePoint{});
  return 0;
}
