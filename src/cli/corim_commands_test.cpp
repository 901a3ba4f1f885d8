#include "cli/corim_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attestation/appraisal/reference_set.h"
#include "attestation/corim/corim.h"
#include "attestation/corim/environment_json.h"
#include "attestation/corim/register_values.h"
#include "cli/canned_server.h"
#include "cli/key_files.h"
#include "codec/base64.h"

namespace vedette::cli {
namespace {

namespace corim = attestation::corim;
using attestation::ReferenceValues;
using Class = corim::Environment;
using ::testing::HasSubstr;
using ::testing::Not;

const corim::Environment kDrone{.vendor = "ACME", .model = "drone"};
const corim::Environment kCamera{.vendor = "ACME", .model = "camera"};

ReferenceValues values() {
  ReferenceValues values;
  values.registers[0] = {crypto::sha256(as_bytes("one")), crypto::sha256(as_bytes("two"))};
  values.registers[7] = {crypto::sha256(as_bytes("three"))};
  return values;
}

corim::Corim manifest_for(const std::vector<corim::Environment>& environments) {
  corim::Corim manifest;
  manifest.id = std::string("firmware 2");
  manifest.tags = {{.id = std::string("drones"), .version = 2}};
  for (const auto& environment : environments)
    for (auto& triple : corim::register_triples(environment, values()))
      manifest.reference.push_back(std::move(triple));
  return manifest;
}

class Manifests : public ::testing::Test {
 protected:
  std::string write(const corim::Corim& manifest) {
    const Bytes octets =
        corim::sign_corim(corim::write_corim(manifest).value(), {.name = "ACME"}, key_).value();
    desk_.write("m.corim", std::string(as_text(octets)));
    desk_.write("k.pub", key_.public_key().pem());
    return desk_.path("m.corim");
  }

  Desk desk_;
  crypto::PrivateKey key_ = crypto::PrivateKey::generate_p256();
};

TEST_F(Manifests, ThatAreNoneAreRefused) {
  desk_.write("m.corim", "hello");
  EXPECT_EQ(desk_.run_json({"reference", "inspect", desk_.path("m.corim")}).refusal(),
            "CORIM-SYNTAX");
  EXPECT_EQ(desk_.run_json({"reference", "import", "gates", desk_.path("m.corim")}).refusal(),
            "CORIM-SYNTAX");
  EXPECT_TRUE(desk_.server.requests().empty());
}

TEST_F(Manifests, OfAnotherSignerAreNotCalledGenuine) {
  const std::string path = write(manifest_for({kDrone}));
  desk_.write("other.pub", crypto::PrivateKey::generate_p256().public_key().pem());
  const Outcome outcome =
      desk_.run_json({"reference", "inspect", path, "--signer", desk_.path("other.pub")});
  EXPECT_EQ(outcome.refusal(), "CORIM-SIGNATURE");
  EXPECT_EQ(outcome.code, 3);
}

TEST_F(Manifests, AreToldInWordsAndThatNobodyCheckedThem) {
  const std::string path = write(manifest_for({kDrone}));
  const Outcome outcome = desk_.run({"reference", "inspect", path});
  EXPECT_THAT(outcome.out, HasSubstr("UNVERIFIED"));
  EXPECT_THAT(outcome.out, HasSubstr("firmware 2"));
  EXPECT_THAT(outcome.out, HasSubstr("vendor ACME, model drone  register 7  sha256:"));
  const auto json = desk_.run_json({"reference", "inspect", path}).json();
  EXPECT_FALSE(json.boolean("verified").value());
  EXPECT_EQ(json.array("reference").value()->if_array()->size(), 3U);
  const Outcome genuine =
      desk_.run({"reference", "inspect", path, "--signer", desk_.path("k.pub")});
  EXPECT_THAT(genuine.out, HasSubstr("genuine"));
  EXPECT_THAT(genuine.out, HasSubstr(to_hex(key_.public_key().spki_sha256())));
}

TEST_F(Manifests, WithoutASignatureAreToldAsSuch) {
  desk_.write("m.corim", std::string(as_text(corim::write_corim(manifest_for({kDrone})).value())));
  EXPECT_THAT(desk_.run({"reference", "inspect", desk_.path("m.corim")}).out,
              HasSubstr("NOT SIGNED"));
}

TEST_F(Manifests, WhatRegistersCannotShowIsToldToo) {
  auto manifest = manifest_for({kDrone});
  manifest.reference.front().measurements.front().svn = corim::Svn{.value = 4, .is_minimum = true};
  manifest.endorsed = {manifest.reference.front()};
  const Outcome outcome = desk_.run({"reference", "inspect", write(manifest)});
  EXPECT_THAT(outcome.out, HasSubstr("minimum_svn"));
  EXPECT_THAT(outcome.out, HasSubstr("1 endorsed value"));
}

TEST_F(Manifests, OfSeveralEnvironmentsAreNotImportedUntilOneIsNamed) {
  const std::string path = write(manifest_for({kDrone, kCamera}));
  const Outcome outcome = desk_.run_json({"reference", "import", "gates", path});
  EXPECT_EQ(outcome.refusal(), "CLI-ENVIRONMENT");
  EXPECT_THAT(outcome.out, HasSubstr("model drone; vendor ACME, model camera"));
  EXPECT_EQ(desk_.run_json({"reference", "import", "gates", path, "--model", "gate"}).refusal(),
            "CLI-ENVIRONMENT");
  EXPECT_TRUE(desk_.server.requests().empty());
}

TEST_F(Manifests, AreNotSentForAnEnvironmentFileThatNamesNone) {
  const std::string path = write(manifest_for({kDrone}));
  for (const char* content : {"{", "{}", R"({"colour":"red"})"}) {
    desk_.write("e.json", content);
    const Outcome outcome = desk_.run_json(
        {"reference", "import", "gates", path, "--environment", desk_.path("e.json")});
    EXPECT_EQ(outcome.refusal(), "CLI-ENVIRONMENT") << content;
    EXPECT_EQ(outcome.code, 2);
  }
  EXPECT_TRUE(desk_.server.requests().empty());
}

TEST_F(Manifests, AreSentWithTheEnvironmentThatIsNamed) {
  const std::string path = write(manifest_for({kDrone, kCamera}));
  desk_.server.answer("POST /v1/groups/gates/skus/mk1/reference/import",
                      R"({"references":{"registers":{"0":["ab"]}},)"
                      R"("manifest":{"signer":"ACME","key_sha256":"cd","newly_exact":[0,2]}})");
  const std::string body = R"(POST /v1/groups/gates/skus/mk1/reference/import {"manifest":")" +
                           codec::to_base64(as_bytes(desk_.read("m.corim"))) +
                           R"(","environment":{"vendor":"ACME","model":"camera"}})";
  const Outcome outcome =
      desk_.run({"reference", "import", "gates", "--sku", "mk1", path, "--model", "camera"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(desk_.server.requests().back(), body);
  EXPECT_THAT(outcome.out, HasSubstr("'ACME' (key cd) says for vendor ACME, model camera"));
  EXPECT_THAT(outcome.out, HasSubstr("held to exact values from now on: PCR 0, 2"));
  desk_.write("e.json", R"({"vendor":"ACME","model":"camera"})");
  EXPECT_EQ(desk_
                .run({"reference", "import", "gates", "--sku", "mk1", path, "--environment",
                      desk_.path("e.json")})
                .code,
            0);
  EXPECT_EQ(desk_.server.requests().back(), body);
}

TEST_F(Manifests, ThatWaitForASecondPersonAreNotSaidToBeInForce) {
  desk_.server.answer(
      "POST /v1/groups/gates/reference/import",
      R"({"proposal":"ab12","references":{},"manifest":{"signer":"ACME","key_sha256":"cd"}})");
  const Outcome outcome =
      desk_.run({"reference", "import", "gates", write(manifest_for({kDrone}))});
  EXPECT_THAT(outcome.out, HasSubstr("not in force yet"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("may now")));
  desk_.server.answer("GET /v1/groups/gates/reference/proposal",
                      R"({"proposal":"ab12","proposer":"operator/ada","references":{},)"
                      R"("manifest":{"id":"firmware 2","signer":"ACME","key_sha256":"cd"}})");
  EXPECT_THAT(desk_.run({"reference", "proposal", "gates"}).out,
              HasSubstr("from the manifest 'firmware 2' that 'ACME' signed with key cd"));
}

class Export : public Manifests {
 protected:
  Export() {
    EXPECT_EQ(desk_.run({"key", "generate", desk_.path("key"), "--insecure-unencrypted"}).code, 0);
  }
  Outcome run(std::vector<std::string> more = {}) {
    std::vector<std::string> line{
        "reference", "export",          "gates",    desk_.path("out.corim"),
        "--key",     desk_.path("key"), "--signer", "ACME"};
    line.insert(line.end(), more.begin(), more.end());
    return desk_.run_json(line);
  }
};

TEST_F(Export, RefusesASetWithoutRegisters) {
  desk_.server.answer("GET /v1/groups/gates/reference", R"({"boot":{"secure-boot":["on"]}})");
  const Outcome outcome = run();
  EXPECT_EQ(outcome.refusal(), "CLI-REFERENCE");
  EXPECT_THAT(outcome.out, HasSubstr("it has: boot"));
  EXPECT_EQ(desk_.run_json({"reference", "inspect", desk_.path("out.corim")}).code, 1)
      << "nothing was written";
}

TEST_F(Export, NamesWhatAManifestCannotHold) {
  codec::Json set;
  set.set("registers", attestation::to_json(values()));
  set.set("boot", codec::Json::Object{}).set("runtime", codec::Json::Object{});
  desk_.server.answer("GET /v1/groups/gates/reference", codec::to_json(set));
  const auto left_out = *run().json().array("left_out").value();
  EXPECT_EQ(codec::to_json(left_out), R"(["boot","runtime"])");
  EXPECT_THAT(desk_
                  .run({"reference", "export", "gates", desk_.path("out.corim"), "--key",
                        desk_.path("key"), "--signer", "ACME"})
                  .out,
              HasSubstr("NOT in it, because a manifest holds registers alone: boot, runtime"));
}

TEST_F(Export, WritesWhatAnImportReads) {
  codec::Json set;
  set.set("registers", attestation::to_json(values()));
  desk_.server.answer("GET /v1/groups/gates/reference", codec::to_json(set));
  const Outcome outcome = run({"--vendor", "ACME Ltd", "--days", "30"});
  ASSERT_EQ(outcome.code, 0) << outcome.out;
  const auto signers = load_public_keys({desk_.path("key.pub")}).value();
  const std::string octets = desk_.read("out.corim");
  const auto verified = corim::verify_corim(
      as_bytes(octets), {.trusted_signers = signers, .now = FixedClock().now()});
  ASSERT_TRUE(verified.has_value()) << describe(verified.error());
  const Class environment{.vendor = "ACME Ltd", .model = "gates"};
  EXPECT_EQ(corim::register_values(*verified, environment).value(), values());
  EXPECT_EQ((*verified)->signer->name, "ACME");
  EXPECT_EQ(
      corim::verify_corim(as_bytes(octets), {.trusted_signers = signers,
                                             .now = FixedClock().now() + std::chrono::days(31)})
          .error()
          .code,
      "CORIM-VALIDITY");
}

}  // namespace
}  // namespace vedette::cli
