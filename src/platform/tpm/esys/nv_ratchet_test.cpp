// The ratchet in a TPM emulator: what moves it, what does not, and what it is not taken for.
#include "platform/tpm/esys/nv_ratchet.h"

#include <gtest/gtest.h>

#include "platform/tpm/esys/connection.h"
#include "platform/tpm/esys/esys_tpm.h"
#include "testing/shared_tpm.h"

namespace vedette::platform {
namespace {

const bool kQuiet = (quiet_tss2_log(), true);  // before the library's first word

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "" : result.error().code;
}

class NvRatchet : public testing::SharedTpm {
 protected:
  void SetUp() override {
    SharedTpm::SetUp();
    if (IsSkipped()) return;
    reopen();
    ASSERT_EQ(code_of(tpm_->insecure_remove_ratchet()), "");
  }
  // The emulator is for one user at a time: the one before goes first.
  void reopen() {
    tpm_.reset();
    auto tpm = open_esys_tpm({shared_device->tcti(), shared_device->state_folder()});
    ASSERT_TRUE(tpm) << describe(tpm.error());
    tpm_ = std::move(*tpm);
  }
  static crypto::Sha256Digest after(const crypto::Sha256Digest& value,
                                    const crypto::Sha256Digest& digest) {
    Bytes both = to_bytes(value);
    append(both, digest);
    return crypto::sha256(both);
  }
  crypto::Sha256Digest value() { return tpm_->read_ratchet().value().value(); }

  // What another program does with the same index.
  void by_hand(const std::function<void(ESYS_CONTEXT*)>& work) {
    tpm_.reset();
    {
      const auto connection = esys::Connection::open(shared_device->tcti());
      ASSERT_TRUE(connection) << describe(connection.error());
      work(connection->context());
    }
    reopen();
  }

  const Bytes secret_ = Bytes(32, 0x5A);
  const crypto::Sha256Digest one_ = crypto::sha256(as_bytes("one"));
  std::unique_ptr<Tpm> tpm_;
};

TEST_F(NvRatchet, RefusesToMoveWithoutItsAuthorization) {
  EXPECT_NE(code_of(tpm_->extend_ratchet(secret_, one_)), "") << "there is none";
  ASSERT_EQ(code_of(tpm_->make_ratchet(secret_)), "");
  for (const Bytes& wrong : {Bytes{}, Bytes(32, 0x5B), Bytes(31, 0x5A)})
    EXPECT_EQ(code_of(tpm_->extend_ratchet(wrong, one_)), "TPM-NV-AUTHORIZATION");
  EXPECT_EQ(value(), crypto::Sha256Digest{});
  for (int i = 0; i < 40; ++i)
    (void)tpm_->extend_ratchet({}, one_);
  EXPECT_EQ(code_of(tpm_->extend_ratchet(secret_, one_)), "") << "and nobody locks it out";
}

TEST_F(NvRatchet, IsMadeOnce) {
  EXPECT_FALSE(tpm_->read_ratchet().value().has_value());
  ASSERT_EQ(code_of(tpm_->make_ratchet(secret_)), "");
  EXPECT_EQ(code_of(tpm_->make_ratchet(secret_)), "TPM-COMMAND");
}

TEST_F(NvRatchet, MovesAsThePaperSaysAndOutlivesAPowerCycle) {
  ASSERT_EQ(code_of(tpm_->make_ratchet(secret_)), "");
  ASSERT_EQ(code_of(tpm_->extend_ratchet(secret_, one_)), "");
  const auto first = after({}, one_);
  EXPECT_EQ(value(), first);
  ASSERT_TRUE(shared_device->restart());
  EXPECT_EQ(value(), first);
  ASSERT_EQ(code_of(tpm_->extend_ratchet(secret_, one_)), "");
  EXPECT_EQ(value(), after(first, one_));
}

// Not even the owner, who could remove it: that shows.
TEST_F(NvRatchet, IsWrittenBackByNobody) {
  ASSERT_EQ(code_of(tpm_->make_ratchet(secret_)), "");
  ASSERT_EQ(code_of(tpm_->extend_ratchet(secret_, one_)), "");
  by_hand([&](ESYS_CONTEXT* context) {
    esys::Reference index{context};
    ASSERT_EQ(Esys_TR_FromTPMPublic(context, esys::kRatchetIndex, ESYS_TR_NONE, ESYS_TR_NONE,
                                    ESYS_TR_NONE, index.out()),
              TSS2_RC_SUCCESS);
    TPM2B_AUTH authorization{};
    authorization.size = 32;
    std::ranges::copy(secret_, authorization.buffer);
    ASSERT_EQ(Esys_TR_SetAuth(context, index.get(), &authorization), TSS2_RC_SUCCESS);
    TPM2B_MAX_NV_BUFFER zeros{};
    zeros.size = 32;
    for (const ESYS_TR who : {index.get(), static_cast<ESYS_TR>(ESYS_TR_RH_OWNER)})
      EXPECT_NE(Esys_NV_Write(context, who, index.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                              ESYS_TR_NONE, &zeros, 0),
                TSS2_RC_SUCCESS);
    EXPECT_NE(Esys_NV_Extend(context, ESYS_TR_RH_OWNER, index.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                             ESYS_TR_NONE, &zeros),
              TSS2_RC_SUCCESS);
  });
  EXPECT_EQ(value(), after({}, one_));
}

TEST_F(NvRatchet, RefusesAnIndexThatCouldBeWrittenBack) {
  constexpr TPMA_NV kOrdinary =
      TPMA_NV_AUTHWRITE | TPMA_NV_OWNERREAD | TPMA_NV_NO_DA;  // of the same size
  by_hand([&](ESYS_CONTEXT* context) {
    TPM2B_NV_PUBLIC area{};
    area.nvPublic = {esys::kRatchetIndex, TPM2_ALG_SHA256, kOrdinary, {}, 32};
    const TPM2B_AUTH empty{};
    esys::Reference made{context};
    ASSERT_EQ(Esys_NV_DefineSpace(context, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                  ESYS_TR_NONE, &empty, &area, made.out()),
              TSS2_RC_SUCCESS);
  });
  EXPECT_EQ(code_of(tpm_->read_ratchet()), "TPM-NV-FOREIGN");
  EXPECT_EQ(code_of(tpm_->extend_ratchet({}, one_)), "TPM-NV-FOREIGN");
}

}  // namespace
}  // namespace vedette::platform
