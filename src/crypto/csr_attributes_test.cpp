#include "crypto/csr_attributes.h"

#include <gtest/gtest.h>

#include "crypto/der.h"

namespace vedette::crypto {
namespace {

bool holds(const Bytes& whole, const std::string& hex) {
  return to_hex(whole).find(hex) != std::string::npos;
}

constexpr const char* kExtensionRequest = "06092a864886f70d01090e";
constexpr const char* kExtensionTemplate = "060b2a864886f70d010910023e";

TEST(CsrAttributes, NeverAskForExtensionsInBothWays) {
  const Bytes open = make_csr_attributes(std::nullopt);
  const Bytes closed = make_csr_attributes(RequestedNames{"drone", "spiffe://a.b/device/drone"});
  EXPECT_TRUE(holds(open, kExtensionTemplate));
  EXPECT_FALSE(holds(open, kExtensionRequest));
  EXPECT_TRUE(holds(closed, kExtensionRequest));
  EXPECT_FALSE(holds(closed, kExtensionTemplate));
}

TEST(CsrAttributes, LeaveTheNamesToADeviceThatIsNotKnown) {
  // Octet for octet, by RFC 9908's module: Attribute { template }, Attribute { key }, OID.
  EXPECT_EQ(to_hex(make_csr_attributes(std::nullopt)),
            "30753052060b2a864886f70d010910023d314330410201003009310730050603550403a0"
            "15301306072a8648ce3d020106082a8648ce3d030107a11a3018060b2a864886f70d0109"
            "10023e3109300730050603551d11301506072a8648ce3d0201310a06082a8648ce3d0301"
            "0706082a8648ce3d040302");
}

TEST(CsrAttributes, AreDerWhateverTheNamesLength) {
  for (const std::size_t length : {1U, 40U, 200U, 2000U})
    EXPECT_TRUE(is_der(make_csr_attributes(
        RequestedNames{"drone", "spiffe://a.b/device/" + std::string(length, 'x')})));
}

}  // namespace
}  // namespace vedette::crypto
