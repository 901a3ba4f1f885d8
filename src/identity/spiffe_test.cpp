#include "identity/spiffe.h"

#include <gtest/gtest.h>

namespace vedette::identity {
namespace {

std::string code_of(std::string_view text) {
  const auto id = SpiffeId::parse(text);
  return id.has_value() ? "accepted" : id.error().code;
}

TEST(SpiffeId, refuses_every_other_spelling) {
  EXPECT_EQ(code_of(""), "SPIFFE-SYNTAX");
  EXPECT_EQ(code_of("https://edge.example/device/drone-1"), "SPIFFE-SYNTAX");
  EXPECT_EQ(code_of("SPIFFE://edge.example/device/drone-1"), "SPIFFE-SYNTAX");
  EXPECT_EQ(code_of("spiffe://edge.example"), "SPIFFE-SYNTAX");
  EXPECT_EQ(code_of("spiffe://edge.example/"), "SPIFFE-SYNTAX");
  EXPECT_EQ(code_of("spiffe://edge.example/device"), "SPIFFE-SYNTAX");
  EXPECT_EQ(code_of("spiffe://edge.example/device/"), "SPIFFE-SYNTAX");
  EXPECT_EQ(code_of("spiffe://edge.example/device/drone-1/"), "SPIFFE-SYNTAX");
  EXPECT_EQ(code_of("spiffe://edge.example/device/drone-1/sensor"), "SPIFFE-SYNTAX");
  EXPECT_EQ(code_of("spiffe://edge.example//device/drone-1"), "SPIFFE-SYNTAX");
  EXPECT_EQ(code_of("spiffe://edge.example/device//drone-1"), "SPIFFE-SYNTAX");
}

TEST(SpiffeId, refuses_a_trust_domain_with_upper_case_port_user_or_escape) {
  EXPECT_EQ(code_of("spiffe:///device/drone-1"), "SPIFFE-TRUST-DOMAIN");
  EXPECT_EQ(code_of("spiffe://Edge.example/device/drone-1"), "SPIFFE-TRUST-DOMAIN");
  EXPECT_EQ(code_of("spiffe://edge.example:443/device/drone-1"), "SPIFFE-TRUST-DOMAIN");
  EXPECT_EQ(code_of("spiffe://me@edge.example/device/drone-1"), "SPIFFE-TRUST-DOMAIN");
  EXPECT_EQ(code_of("spiffe://edge%2eexample/device/drone-1"), "SPIFFE-TRUST-DOMAIN");
}

TEST(SpiffeId, refuses_a_name_with_escape_upper_case_dots_query_or_fragment) {
  EXPECT_EQ(code_of("spiffe://edge.example/device/drone%2d1"), "SPIFFE-NAME");
  EXPECT_EQ(code_of("spiffe://edge.example/device/Drone-1"), "SPIFFE-NAME");
  EXPECT_EQ(code_of("spiffe://edge.example/device/.."), "SPIFFE-NAME");
  EXPECT_EQ(code_of("spiffe://edge.example/device/."), "SPIFFE-NAME");
  EXPECT_EQ(code_of("spiffe://edge.example/device/drone-1?x=1"), "SPIFFE-NAME");
  EXPECT_EQ(code_of("spiffe://edge.example/device/drone-1#x"), "SPIFFE-NAME");
  EXPECT_EQ(code_of(std::string_view("spiffe://edge.example/device/drone-1\0", 37)), "SPIFFE-NAME");
  EXPECT_EQ(code_of("spiffe://edge.example/device/drone-1 "), "SPIFFE-NAME");
}

TEST(SpiffeId, refuses_a_kind_that_we_do_not_know) {
  EXPECT_EQ(code_of("spiffe://edge.example/workload/drone-1"), "SPIFFE-KIND");
  EXPECT_EQ(code_of("spiffe://edge.example/Device/drone-1"), "SPIFFE-KIND");
  EXPECT_EQ(code_of("spiffe://edge.example/../drone-1"), "SPIFFE-KIND");
}

TEST(SpiffeId, refuses_more_than_2048_octets) {
  EXPECT_EQ(code_of("spiffe://edge.example/device/" + std::string(2048, 'a')), "SPIFFE-SYNTAX");
}

TEST(TrustDomain, takes_255_characters_and_no_more) {
  EXPECT_TRUE(TrustDomain::parse(std::string(255, 'a')).has_value());
  EXPECT_FALSE(TrustDomain::parse(std::string(256, 'a')).has_value());
  EXPECT_FALSE(TrustDomain::parse("").has_value());
}

TEST(SpiffeId, reads_back_what_it_writes) {
  for (const char* text :
       {"spiffe://edge.example/device/drone-1", "spiffe://edge_1.example/operator/ada",
        "spiffe://e/server/control-plane"}) {
    const auto id = SpiffeId::parse(text);
    ASSERT_TRUE(id.has_value()) << describe(id.error());
    EXPECT_EQ(id->str(), text);
  }
}

TEST(SpiffeId, says_whom_it_names) {
  const auto domain = TrustDomain::parse("edge.example").value();
  const SpiffeId id(domain, DeviceId::parse("drone-1").value());
  EXPECT_EQ(id.str(), "spiffe://edge.example/device/drone-1");
  EXPECT_EQ(SpiffeId::parse(id.str()).value(), id);
  EXPECT_EQ(SpiffeId(domain, OperatorId::parse("ada").value()).kind(), PrincipalKind::operator_);
  EXPECT_NE(SpiffeId(domain, OperatorId::parse("drone-1").value()), id);
}

}  // namespace
}  // namespace vedette::identity
