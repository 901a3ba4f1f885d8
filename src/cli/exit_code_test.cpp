#include "cli/exit_code.h"

#include <gtest/gtest.h>

namespace vedette::cli {
namespace {

ExitCode of(std::string code) {
  return exit_code_of({.code = std::move(code), .message = {}, .cause = {}, .hint = {}});
}

TEST(ExitCode, IsRefusedForAnyCheckThatSaidNo) {
  for (const char* code : {"OMS-DIGEST", "OMS-SIGNATURE", "OMS-UNTRUSTED", "REL-EXISTS", "REL-ONNX",
                           "LOG-ROOT", "LOG-FORK", "POL-DENIED", "NET-TLS", "SOMETHING-NEW",
                           "DOCTOR-MISSING", "CHECKPOINT-ORIGIN"})
    EXPECT_EQ(of(code), ExitCode::refused) << code;
}

TEST(ExitCode, IsUnreachableOnlyWhenNobodyAnswered) {
  for (const char* code : {"NET-UNREACHABLE", "NET-TIMEOUT", "NET-CLOSED", "TPM-UNREACHABLE"})
    EXPECT_EQ(of(code), ExitCode::unreachable) << code;
}

TEST(ExitCode, IsUsageForTheLineAndTheFilesThatItNames) {
  for (const char* code : {"CLI-USAGE", "CLI-EXISTS", "TUF-FOLDER", "CONFIG-MISSING", "NAME-FORMAT",
                           "NOTE-KEY", "KEY-FORMAT"})
    EXPECT_EQ(of(code), ExitCode::usage) << code;
}

TEST(ExitCode, IsFailedWhenTheMachineCouldNot) {
  for (const char* code : {"FILE-OPEN", "OMS-OPEN", "HTTP-NOT-FOUND", "HTTP-ANSWER", "STORE-BUSY",
                           "CLI-FAILED", "NET-SIZE"})
    EXPECT_EQ(of(code), ExitCode::failed) << code;
}

}  // namespace
}  // namespace vedette::cli
