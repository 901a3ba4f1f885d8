#include "release/provenance/provenance.h"

#include <gtest/gtest.h>

#include "release/dsse.h"
#include "release/in_toto.h"
#include "release/provenance/provenance_samples.h"

namespace vedette::release {
namespace {

using codec::Json;
using crypto::PrivateKey;
using samples::full_provenance;

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "" : result.error().code;
}

// The refusal of what an author wrote, or `read`; it must name the member.
std::string verdict(std::string_view text, std::string_view named) {
  const auto provenance = read_provenance(*codec::parse_json(text));
  if (provenance) return "read";
  if (!provenance.error().message.contains(named)) return describe(provenance.error());
  return provenance.error().code;
}

const std::string kRoot(64, 'a');
const std::string kOther(64, 'b');

std::string dataset(std::string_view members) {
  return R"({"datasets":[{"name":"d","split":"test","licence":"MIT",)" + std::string(members) +
         "}]}";
}

std::string evaluation(std::string_view members) {
  return R"({"evaluations":[{"metric":"f1",)" + std::string(members) + "}]}";
}

TEST(ReadProvenance, RefusesNothingAtAll) {
  EXPECT_EQ(verdict("{}", "'build'"), "PROV-MEMBER");
  EXPECT_EQ(verdict(R"({"datasets":[]})", "'datasets'"), "PROV-MEMBER");
  EXPECT_EQ(verdict("[]", "provenance"), "PROV-MEMBER");
}

TEST(ReadProvenance, RefusesUnknownMembersByTheirName) {
  EXPECT_EQ(verdict(R"({"built":{}})", "'built'"), "PROV-MEMBER");
  EXPECT_EQ(verdict(R"({"build":{"type":"t","builder":"b","who":"x"}})", "'build.who'"),
            "PROV-MEMBER");
  EXPECT_EQ(
      verdict(dataset(R"("root":")" + kRoot + R"(","records":1,"size":2)"), "'datasets[0].size'"),
      "PROV-MEMBER");
}

TEST(ReadProvenance, RefusesWhatIsMissingOrOutOfItsRange) {
  EXPECT_EQ(verdict(R"({"build":{"type":"t"}})", "'build.builder'"), "PROV-MEMBER");
  EXPECT_EQ(verdict(R"({"build":{"type":"t","builder":"b","started":"today"}})", "'build.started'"),
            "PROV-MEMBER");
  EXPECT_EQ(verdict(R"({"build":{"type":"t","builder":"b","started":"2026-11-02T00:00:00Z",)"
                    R"("finished":"2026-11-01T00:00:00Z"}})",
                    "'build.finished'"),
            "PROV-MEMBER");
  EXPECT_EQ(verdict(R"({"build":{"type":"a\nb","builder":"b"}})", "'build.type'"), "PROV-MEMBER");
  EXPECT_EQ(verdict(dataset(R"("root":"AA","records":1)"), "'datasets[0].root'"), "PROV-MEMBER");
  EXPECT_EQ(verdict(dataset(R"("root":")" + kRoot + R"(","records":0)"), "'datasets[0].records'"),
            "PROV-MEMBER");
  EXPECT_EQ(verdict(R"({"lineage":{"base":"b"}})", "'lineage.base_root'"), "PROV-MEMBER");
  EXPECT_EQ(verdict(R"({"lineage":{}})", "'lineage.base'"), "PROV-MEMBER");
  EXPECT_EQ(verdict(evaluation(R"("dataset_root":")" + kRoot + R"(")"), "'evaluations[0].value'"),
            "PROV-MEMBER");
}

TEST(ReadProvenance, RefusesAModelThatIsWorseThanItsOwnMinimum) {
  EXPECT_EQ(verdict(evaluation(R"("value":0.5,"minimum":0.6,"dataset_root":")" + kRoot + R"(")"),
                    "'evaluations[0].value'"),
            "PROV-MEMBER");
}

TEST(ReadProvenance, RefusesAnEvaluationOnDataThatIsNotListedAndDataTwice) {
  const std::string data =
      R"({"name":"d","split":"test","licence":"MIT","records":1,"root":")" + kRoot + R"("})";
  EXPECT_EQ(verdict(R"({"datasets":[)" + data + R"(],"evaluations":[{"metric":"f1","value":1,)" +
                        R"("dataset_root":")" + kOther + R"("}]})",
                    "'evaluations'"),
            "PROV-MEMBER");
  EXPECT_EQ(verdict(R"({"datasets":[)" + data + "," + data + "]}", "'datasets'"), "PROV-MEMBER");
}

class SignedProvenance : public ::testing::Test {
 protected:
  std::string sign(const Provenance& provenance, const crypto::Sha256Digest& about) {
    return sign_provenance(provenance, "voice", about, key_).value();
  }
  Result<VerifiedProvenance> verify_by(const std::vector<crypto::PublicKey>& publishers,
                                       const std::vector<crypto::PublicKey>& builders,
                                       std::string_view lines) {
    return verify_provenance(lines, root_, {.publishers = publishers, .builders = builders});
  }
  Result<VerifiedProvenance> verify(std::string_view lines) {
    return verify_by({key_.public_key()}, {}, lines);
  }
  std::string statement(std::string_view type, Json predicate) {
    const InTotoKind kind{.predicate_type = type, .code = "X", .noun = "x", .limits = {}};
    return sign_in_toto({.model = "voice", .model_root = root_, .predicate = std::move(predicate)},
                        kind, key_)
               .value()
               .envelope +
           "\n";
  }

  PrivateKey key_ = PrivateKey::generate_p256();
  crypto::Sha256Digest root_ = crypto::sha256(as_bytes("the model"));
};

TEST_F(SignedProvenance, OfAStrangerIsRefused) {
  const std::string lines = sign(full_provenance(), root_);
  const auto stranger = PrivateKey::generate_p256().public_key();
  EXPECT_EQ(code_of(verify_by({stranger}, {}, lines)), "DSSE-UNTRUSTED");
  EXPECT_EQ(code_of(verify_by({}, {}, lines)), "DSSE-UNTRUSTED");
}

TEST_F(SignedProvenance, AboutAnotherModelIsRefusedInWhateverLine) {
  const auto other = crypto::sha256(as_bytes("another model"));
  EXPECT_EQ(code_of(verify(sign(full_provenance(), other))), "PROV-ROOT");
  Provenance half;
  half.lineage = full_provenance().lineage;
  Provenance rest;
  rest.datasets = full_provenance().datasets;
  EXPECT_EQ(code_of(verify(sign(half, root_) + sign(rest, other))), "PROV-ROOT");
}

TEST_F(SignedProvenance, APartThatIsThereTwiceIsRefused) {
  Provenance one;
  one.datasets = {full_provenance().datasets.front()};
  Provenance two;
  two.datasets = {full_provenance().datasets.back()};
  EXPECT_EQ(code_of(verify(sign(one, root_) + sign(two, root_))), "PROV-TWICE");
}

TEST_F(SignedProvenance, OneUnsignedLineAmongSignedOnesIsRefused) {
  const std::string lines = sign(full_provenance(), root_);
  std::string altered = lines;
  altered[altered.rfind(R"("sig":")") + 12] ^= 1;
  EXPECT_NE(code_of(verify(altered)), "");
  EXPECT_EQ(code_of(verify(lines + "{}\n")), "JSON-MEMBER");
}

TEST_F(SignedProvenance, RefusesNoneAndTooMuch) {
  EXPECT_EQ(code_of(verify("")), "PROV-STATEMENT");
  EXPECT_EQ(code_of(verify("\n\n")), "PROV-STATEMENT");
  EXPECT_EQ(code_of(verify(std::string(kMaxProvenanceBytes + 1, '\n'))), "PROV-SIZE");
  std::string many;
  for (std::size_t i = 0; i <= kMaxProvenanceStatements; ++i)
    many += statement("https://example.org/other", Json::Object{});
  EXPECT_EQ(code_of(verify(many)), "PROV-SIZE");
}

TEST_F(SignedProvenance, AnEvaluationOfALaterSignerMustBeOnTheDataThatIsListed) {
  Provenance data;
  data.datasets = {full_provenance().datasets.front()};
  Provenance judged;
  judged.evaluations = full_provenance().evaluations;  // on the other part of the data
  EXPECT_EQ(code_of(verify(sign(judged, root_))), "");
  EXPECT_EQ(code_of(verify(sign(data, root_) + sign(judged, root_))), "PROV-MEMBER");
}

TEST_F(SignedProvenance, IsReadAsItWasWritten) {
  const auto verified = verify(sign(full_provenance(), root_));
  ASSERT_TRUE(verified.has_value()) << describe(verified.error());
  EXPECT_EQ(verified->provenance, full_provenance());
  ASSERT_EQ(verified->parts.size(), 4U);
  for (const SignedPart& part : verified->parts)
    EXPECT_EQ(part.signer, key_.public_key().spki_sha256()) << part.part;
}

// A builder may say what it built, and nothing about data, lineage or worth.
TEST_F(SignedProvenance, ABuilderIsBelievedAboutItsBuildAlone) {
  const PrivateKey builder = PrivateKey::generate_p256();
  const std::vector<crypto::PublicKey> builders{builder.public_key()};
  const auto by_builder = [&](auto Provenance::* part) {
    Provenance one;
    one.*part = full_provenance().*part;
    const auto lines = sign_provenance(one, "voice", root_, builder).value();
    return code_of(verify_by({key_.public_key()}, builders, lines));
  };
  EXPECT_EQ(by_builder(&Provenance::datasets), "DSSE-UNTRUSTED");
  EXPECT_EQ(by_builder(&Provenance::lineage), "DSSE-UNTRUSTED");
  EXPECT_EQ(by_builder(&Provenance::evaluations), "DSSE-UNTRUSTED");
  EXPECT_EQ(by_builder(&Provenance::build), "");
}

TEST_F(SignedProvenance, EachPartMayHaveItsOwnSignerWhoIsTold) {
  const PrivateKey builder = PrivateKey::generate_p256();
  Provenance built;
  built.build = full_provenance().build;
  Provenance rest = full_provenance();
  rest.build.reset();
  const std::string lines =
      sign_provenance(built, "voice", root_, builder).value() + sign(rest, root_);
  EXPECT_EQ(code_of(verify(lines)), "DSSE-UNTRUSTED");
  const auto verified = verify_by({key_.public_key()}, {builder.public_key()}, lines);
  ASSERT_TRUE(verified.has_value()) << describe(verified.error());
  EXPECT_EQ(verified->provenance, full_provenance());
  EXPECT_EQ(verified->parts.front().part, "build");
  EXPECT_EQ(verified->parts.front().signer, builder.public_key().spki_sha256());
  EXPECT_EQ(verified->parts.back().signer, key_.public_key().spki_sha256());
}

// Who carries the lines can leave some out; who needs them says so.
TEST_F(SignedProvenance, APartThatWasLeftOutIsMissedByWhoAsksForIt) {
  Provenance half;
  half.lineage = full_provenance().lineage;
  const auto verified = verify(sign(half, root_));
  const auto missed = [&](std::vector<std::string> parts) {
    return code_of(require_parts(verified.value(), parts));
  };
  EXPECT_EQ(missed({"lineage", "datasets"}), "PROV-MISSING");
  EXPECT_EQ(missed({"build"}), "PROV-MISSING");
  EXPECT_EQ(missed({"lineage"}), "");
}

TEST_F(SignedProvenance, OfUnknownKindsAloneIsNone) {
  EXPECT_EQ(code_of(verify(statement("https://example.org/other", Json::Object{}))),
            "PROV-STATEMENT");
}

// What a builder elsewhere makes has members of its own, and kinds that we do not read.
TEST_F(SignedProvenance, ForeignSlsaProvenanceIsReadAndOtherKindsAreCounted) {
  const Json predicate = *codec::parse_json(R"({
    "buildDefinition": {
      "buildType": "https://actions.github.io/buildtypes/workflow/v1",
      "externalParameters": {"workflow": {"ref": "refs/heads/main"}},
      "internalParameters": {"github": {"event_name": "push"}},
      "resolvedDependencies": [{"uri": "git+https://github.com/x/y", "digest": {"gitCommit": "1f"}}]
    },
    "runDetails": {
      "builder": {"id": "https://github.com/x/y/.github/workflows/train.yml", "version": {"a": "1"}},
      "metadata": {"invocationId": "https://github.com/x/y/actions/runs/1"},
      "byproducts": []
    },
    "unknown": true
  })");
  const auto verified = verify(statement("https://slsa.dev/provenance/v1", predicate) +
                               statement("https://in-toto.io/attestation/vulns/v0.1", {}));
  EXPECT_EQ(code_of(verified), "PROV-STATEMENT") << "a predicate is an object";
  const auto read = verify(statement("https://slsa.dev/provenance/v1", predicate) +
                           statement("https://in-toto.io/attestation/vulns/v0.1", Json::Object{}));
  ASSERT_TRUE(read.has_value()) << describe(read.error());
  EXPECT_EQ(read->provenance.build->dependencies.front().uri, "git+https://github.com/x/y");
  EXPECT_EQ(read->others, 1U);
}

// What a builder elsewhere writes is shown to people as well.
TEST_F(SignedProvenance, SlsaProvenanceWithoutABuilderOrOfTextThatIsNoLineIsRefused) {
  const auto with = [&](const std::string& builder, const std::string& dependency) {
    const std::string text =
        R"({"buildDefinition":{"buildType":"t","externalParameters":{},"resolvedDependencies":[)" +
        dependency + R"(]},"runDetails":{"builder":)" + builder + "}}";
    return code_of(verify(statement("https://slsa.dev/provenance/v1", *codec::parse_json(text))));
  };
  const std::string good = R"({"id":"b"})";
  EXPECT_EQ(with("{}", ""), "PROV-STATEMENT");
  EXPECT_EQ(with(R"({"id":""})", ""), "PROV-STATEMENT");
  EXPECT_EQ(with(R"({"id":"x\n  judged    f1 0.99"})", ""), "PROV-STATEMENT");
  EXPECT_EQ(with(R"({"id":")" + std::string(kMaxProvenanceText + 1, 'x') + R"("})", ""),
            "PROV-STATEMENT");
  EXPECT_EQ(with(good, "1"), "PROV-STATEMENT");
  EXPECT_EQ(with(good, "{}"), "PROV-STATEMENT");
  EXPECT_EQ(with(good, R"({"uri":"u","digest":{"sha256":"AA"}})"), "PROV-STATEMENT");
  EXPECT_EQ(with(good, R"({"uri":"u","digest":{"sha512":"AA"}})"), "");
}

}  // namespace
}  // namespace vedette::release
