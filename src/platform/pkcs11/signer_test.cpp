// Sessions that are lost, modules that lie, threads and forks.
#include "platform/pkcs11/signer.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing/software_token.h"

namespace vedette::platform::pkcs11 {
namespace {

using testing::SoftwareToken;

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): functions of C carry no state
std::atomic<int> signs = 0;
std::atomic<int> logins = 0;
CK_FUNCTION_LIST genuine;
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

CK_RV short_signature(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG size, CK_BYTE_PTR out,
                      CK_ULONG_PTR out_size) {
  const CK_RV value = genuine.C_Sign(session, data, size, out, out_size);
  *out_size = 63;
  return value;
}

// Of another digest than the one that was to be signed: well-formed, and by the key itself.
CK_RV wrong_signature(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG size, CK_BYTE_PTR out,
                      CK_ULONG_PTR out_size) {
  Bytes other(data, data + size);
  other.front() ^= 1U;
  return genuine.C_Sign(session, other.data(), size, out, out_size);
}

CK_RV broken_device(CK_SESSION_HANDLE /*session*/, CK_BYTE_PTR /*data*/, CK_ULONG /*size*/,
                    CK_BYTE_PTR /*out*/, CK_ULONG_PTR /*out_size*/) {
  ++signs;
  return CKR_DEVICE_ERROR;
}

CK_RV never_logged_in(CK_SESSION_HANDLE /*session*/, CK_BYTE_PTR /*data*/, CK_ULONG /*size*/,
                      CK_BYTE_PTR /*out*/, CK_ULONG_PTR /*out_size*/) {
  ++signs;
  return CKR_USER_NOT_LOGGED_IN;
}

CK_RV wrong_pin(CK_SESSION_HANDLE /*session*/, CK_USER_TYPE /*user*/, CK_UTF8CHAR_PTR /*pin*/,
                CK_ULONG /*size*/) {
  ++logins;
  return CKR_PIN_INCORRECT;
}

CK_RV no_slots(CK_BBOOL /*with_token*/, CK_SLOT_ID_PTR /*slots*/, CK_ULONG_PTR count) {
  *count = 0;
  return CKR_OK;
}

CK_RV pulled_out(CK_SESSION_HANDLE /*session*/, CK_MECHANISM_PTR /*mechanism*/,
                 CK_OBJECT_HANDLE /*key*/) {
  return CKR_TOKEN_NOT_PRESENT;
}

CK_RV last_try(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
  const CK_RV value = genuine.C_GetTokenInfo(slot, info);
  info->flags |= CKF_USER_PIN_FINAL_TRY;
  return value;
}

CK_RV shifted_point(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR list,
                    CK_ULONG count) {
  const CK_RV value = genuine.C_GetAttributeValue(session, object, list, count);
  if (list->type != CKA_EC_POINT || list->pValue == nullptr) return value;
  static_cast<CK_BYTE*>(list->pValue)[1] = 0x40;
  return value;
}

struct TokenSignerTest : ::testing::Test {
  void SetUp() override {
    VEDETTE_SKIP_WITHOUT_SOFTWARE_TOKEN();
    token = std::make_unique<SoftwareToken>();
    token->generate({});
    genuine = token->functions();
    lying = genuine;
    signs = 0;
    logins = 0;
  }
  [[nodiscard]] std::unique_ptr<Token> make_token() const {
    return std::make_unique<Token>(*Module::load(uri().module_path), uri(), pin());
  }
  // The genuine module with some functions exchanged.
  [[nodiscard]] std::unique_ptr<Token> make_lying_token() {
    return std::make_unique<Token>(std::make_shared<Module>(&lying, false), uri(), pin());
  }
  [[nodiscard]] Pkcs11Uri uri() const { return *parse_uri(token->uri("issuing")); }
  static SecretBytes pin() { return SecretBytes(to_bytes(std::string_view("1234"))); }
  static std::string code(const Result<crypto::EcdsaSignature>& result) {
    return result ? "" : result.error().code;
  }

  const crypto::Sha256Digest digest = crypto::sha256(as_bytes("message"));
  std::unique_ptr<SoftwareToken> token;
  CK_FUNCTION_LIST lying{};
};

TEST_F(TokenSignerTest, RefusesASignatureOfAnotherLength) {
  const auto signer = *TokenSigner::open(make_lying_token(), {});
  lying.C_Sign = short_signature;
  EXPECT_EQ(code(signer->sign_digest(digest)), "PKCS11-SIGN");
}

TEST_F(TokenSignerTest, VerifiesEachSignatureAndNotTheFirstAlone) {
  const auto signer = *TokenSigner::open(make_lying_token(), {});
  ASSERT_EQ(code(signer->sign_digest(digest)), "");
  lying.C_Sign = wrong_signature;
  EXPECT_EQ(code(signer->sign_digest(digest)), "PKCS11-KEY");
  lying.C_Sign = genuine.C_Sign;
  EXPECT_EQ(code(signer->sign_digest(digest)), "");
}

TEST_F(TokenSignerTest, RefusesAPointThatIsNotStrictDer) {
  lying.C_GetAttributeValue = shifted_point;
  const auto signer = TokenSigner::open(make_lying_token(), {});
  ASSERT_FALSE(signer);
  EXPECT_EQ(signer.error().code, "PKCS11-KEY");
}

TEST_F(TokenSignerTest, DoesNotRepeatWhatTheDeviceRefused) {
  const auto signer = *TokenSigner::open(make_lying_token(), {});
  lying.C_Sign = broken_device;
  EXPECT_EQ(code(signer->sign_digest(digest)), "PKCS11-SIGN");
  EXPECT_EQ(signs, 1);
  lying.C_Sign = genuine.C_Sign;
  EXPECT_EQ(code(signer->sign_digest(digest)), "");
}

TEST_F(TokenSignerTest, LogsInAgainOnceAndNoMore) {
  const auto signer = *TokenSigner::open(make_lying_token(), {});
  lying.C_Sign = never_logged_in;
  EXPECT_EQ(code(signer->sign_digest(digest)), "PKCS11-SIGN");
  EXPECT_EQ(signs, 2);
}

TEST_F(TokenSignerTest, NeverTriesAPinTwiceThatWasRefused) {
  const auto signer = *TokenSigner::open(make_lying_token(), {});
  lying.C_Login = wrong_pin;
  for (int i = 0; i < 5; ++i) {
    token->close_all_sessions();
    EXPECT_EQ(code(signer->sign_digest(digest)), "PKCS11-PIN");
  }
  EXPECT_EQ(logins, 1);
}

TEST_F(TokenSignerTest, SaysOfAWrongPinWhatToDo) {
  lying.C_Login = wrong_pin;
  const auto signer = TokenSigner::open(make_lying_token(), {});
  ASSERT_FALSE(signer);
  EXPECT_EQ(signer.error().code, "PKCS11-PIN");
  EXPECT_NE(signer.error().hint.find("pin-source"), std::string::npos) << describe(signer.error());
}

TEST_F(TokenSignerTest, ATokenThatWasPulledOutIsRefusedAndServesAgainWhenItIsBack) {
  const auto signer = *TokenSigner::open(make_lying_token(), {});
  lying.C_GetSlotList = no_slots;
  lying.C_SignInit = pulled_out;
  for (int i = 0; i < 3; ++i) {
    const auto refused = signer->sign_digest(digest);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "PKCS11-TOKEN");
    EXPECT_NE(refused.error().hint.find("plugged in"), std::string::npos)
        << describe(refused.error());
  }
  lying.C_GetSlotList = genuine.C_GetSlotList;
  lying.C_SignInit = genuine.C_SignInit;
  EXPECT_EQ(code(signer->sign_digest(digest)), "");
}

// Everybody is told, nobody waits for ever, and all of them sign when it is back.
TEST_F(TokenSignerTest, ATokenIsPulledOutUnderManyThreads) {
  const auto signer = *TokenSigner::open(make_lying_token(), {}, 2);
  lying.C_GetSlotList = no_slots;
  lying.C_SignInit = pulled_out;
  const auto count = [&](const std::string& wanted) {
    std::atomic<int> told = 0;
    std::vector<std::thread> workers;
    for (int t = 0; t < 8; ++t)
      workers.emplace_back([&] {
        for (int i = 0; i < 5; ++i)
          if (code(signer->sign_digest(digest)) == wanted) ++told;
      });
    for (std::thread& worker : workers)
      worker.join();
    return told.load();
  };
  EXPECT_EQ(count("PKCS11-TOKEN"), 40);
  lying.C_GetSlotList = genuine.C_GetSlotList;
  lying.C_SignInit = genuine.C_SignInit;
  EXPECT_EQ(count(""), 40);
}

TEST_F(TokenSignerTest, DoesNotRiskTheLastTry) {
  lying.C_GetTokenInfo = last_try;
  lying.C_Login = wrong_pin;
  const auto signer = TokenSigner::open(make_lying_token(), {});
  ASSERT_FALSE(signer);
  EXPECT_EQ(signer.error().code, "PKCS11-PIN");
  EXPECT_EQ(logins, 0);
}

TEST_F(TokenSignerTest, RefusesAnotherKeyOfTheSameName) {
  const auto signer = *TokenSigner::open(make_token(), {});
  token->destroy("issuing");
  token->generate({});
  token->close_all_sessions();
  EXPECT_EQ(code(signer->sign_digest(digest)), "PKCS11-KEY");
}

TEST_F(TokenSignerTest, RefusesToSignInAChildProcess) {
  const auto signer = *TokenSigner::open(make_token(), {});
  const pid_t child = ::fork();
  if (child == 0) ::_exit(code(signer->sign_digest(digest)) == "PKCS11-FORK" ? 0 : 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(code(signer->sign_digest(digest)), "");
}

TEST_F(TokenSignerTest, SurvivesLostSessionsAndLogouts) {
  const auto signer = *TokenSigner::open(make_token(), {});
  token->close_all_sessions();
  EXPECT_EQ(code(signer->sign_digest(digest)), "");
  token->log_out();
  EXPECT_EQ(code(signer->sign_digest(digest)), "");
}

// Signatures that verify, made by `threads` threads within one second.
int count_signatures(const std::shared_ptr<TokenSigner>& signer, int threads) {
  const auto key = *crypto::PrivateKey::delegated(signer->public_key(), signer);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  std::atomic<int> good = 0;
  std::vector<std::thread> workers;
  workers.reserve(static_cast<std::size_t>(threads));
  for (int t = 0; t < threads; ++t)
    workers.emplace_back([&, t] {
      const std::string message = "message " + std::to_string(t);
      do {
        const auto signature = key.sign(as_bytes(message));
        EXPECT_TRUE(signature) << describe(signature.error());
        if (!signature) return;
        EXPECT_TRUE(key.public_key().verify(crypto::Hash::sha256, as_bytes(message), *signature));
        ++good;
      } while (std::chrono::steady_clock::now() < end);
    });
  for (std::thread& worker : workers)
    worker.join();
  return good;
}

TEST_F(TokenSignerTest, SignsFromMoreThreadsThanItHasSessions) {
  for (const std::size_t sessions : {std::size_t{1}, TokenSigner::kSessions}) {
    const auto signer = *TokenSigner::open(make_token(), {}, sessions);
    const int made = count_signatures(signer, 16);
    EXPECT_GE(made, 16);
    RecordProperty("signatures_per_second_" + std::to_string(sessions) + "_sessions", made);
    std::cout << "  16 threads, " << sessions << " session(s): " << made << " signatures in 1 s\n";
  }
}

// Between signatures: a session closed while it was in use ended this program in SoftHSM 2.6.1.
TEST_F(TokenSignerTest, LosesItsSessionsUnderManyThreads) {
  const auto signer = *TokenSigner::open(make_token(), {});
  for (int round = 0; round < 5; ++round) {
    token->close_all_sessions();
    std::atomic<int> good = 0;
    std::vector<std::thread> workers;
    workers.reserve(8);
    for (int t = 0; t < 8; ++t)
      workers.emplace_back([&] {
        for (int i = 0; i < 5; ++i) {
          const auto signature = signer->sign_digest(digest);
          EXPECT_TRUE(signature) << describe(signature.error());
          if (signature) ++good;
        }
      });
    for (std::thread& worker : workers)
      worker.join();
    EXPECT_EQ(good, 40);
  }
}

}  // namespace
}  // namespace vedette::platform::pkcs11
