#!/bin/bash -eu
# Builds every fuzzer as OSS-Fuzz asks for it: $CC, $CXX, $CFLAGS, $CXXFLAGS and $LIB_FUZZING_ENGINE say
# how, $OUT takes the programs, their seeds (fuzz_x_seed_corpus.zip) and dictionaries (fuzz_x.dict). What runs
# them has no libraries of ours, so all is linked statically: over libcrypto alone, since GnuTLS comes
# without an archive; what needs TLS, QUIC or another implementation is left out. ONLY=name builds one.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=${WORK:-$root/build/oss-fuzz}
mkdir -p "$work" "$OUT"
cmake -S "$root" -B "$work/lib" -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_C_COMPILER="$CC" \
  -DCMAKE_C_FLAGS="$CFLAGS" -DP2P_SHARED=OFF -DP2P_EXAMPLES=OFF -DP2P_BENCH=OFF -DP2P_FUZZ=ON \
  -DP2P_WITH_TLS=OFF -DP2P_WITH_QUIC=OFF -DP2P_WITH_SODIUM=OFF -DP2P_WITH_LIB25519=OFF \
  -DP2P_WITH_SECP256K1=OFF -DP2P_WITH_IPSEC_MB=OFF -DP2P_WITH_INIH=OFF
cmake --build "$work/lib" --target p2p_fuzz_core p2p_fuzz_support
library=$(find "$work/lib" -name 'libp2p_fuzz_core.a')
support=$(find "$work/lib" -name 'libp2p_fuzz_support.a')

cd "$root"
for source in fuzz/fuzz_*.c; do
  target=$(basename "$source" .c) more=()
  name=${target#fuzz_}
  [ -z "${ONLY:-}" ] || [ "$name" = "$ONLY" ] || continue
  case $name in
  tls* | quic* | *_twin) continue ;; # over libraries that OSS-Fuzz's machines have not
  file_wire) more=(apps/p2p/file_wire.c) ;; # a parser of the program's
  esac
  objects=()
  for file in "$source" ${more[@]+"${more[@]}"}; do
    object=$work/$target.$(basename "$file" .c).o
    # shellcheck disable=SC2086
    $CC $CFLAGS -std=c11 -I include -I src -I fuzz -I . -I tests -I apps/p2p -c "$file" -o "$object"
    objects+=("$object")
  done
  # shellcheck disable=SC2086
  $CXX $CXXFLAGS $LIB_FUZZING_ENGINE "${objects[@]}" "$support" "$library" \
    -Wl,-Bstatic -lcrypto -Wl,-Bdynamic -ldl -lpthread -o "$OUT/$target"
  [ ! -d "fuzz/corpus/$name" ] || (cd "fuzz/corpus/$name" &&
    python3 -m zipfile -c "$OUT/${target}_seed_corpus.zip" ./*)
  [ ! -f "fuzz/dict/$name.dict" ] || cp "fuzz/dict/$name.dict" "$OUT/$target.dict"
done
