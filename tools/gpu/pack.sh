#!/bin/bash
# Packs what a bare GPU machine (Linux x64) needs to run the scripts of this folder, in pieces small enough to be sent:
#
#     bash tools/gpu/pack.sh FOLDER [PIECE_MIB=48] [DATA.tar.xz]
#
# FOLDER gets piece.aa, piece.ab, … and join.sh; on the machine, `bash FOLDER/join.sh INTO` makes one folder of all pieces
# that lie beside it, once all are there. Packed are this Node, dist, tools, the packages that training needs, and ONNX
# Runtime's CUDA provider of the version of onnxruntime-node, from the npm package named below, or from the folder that
# INSTDISC_CUDA_PROVIDER names; and DATA, unpacked there as instdisc/data. NVIDIA's own libraries (cudart, cublas, cublasLt,
# curand, cudnn 9; CUDA 13) are not: join.sh finds those of a Python with PyTorch.
set -euo pipefail
PROVIDER=com.github.asus4.onnxruntime.linux-x64-gpu@0.4.9
folder=${1:?usage: pack.sh FOLDER [PIECE_MIB] [DATA.tar.xz]}
piece=${2:-48}
data=${3:-}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
home=$work/instdisc
mkdir -p "$folder" "$home/bin" "$home/node_modules" "$home/src/data" "$home/src/config"

cp "$(command -v node)" "$home/bin/node"
cp -r "$root/dist" "$root/tools" "$root/package.json" "$home/"
rm -rf "$home/dist/test" "$home/dist/page" "$home/dist/.tsbuildinfo"
cp "$root/src/config/settings.schema.json" "$home/src/config/"
cp -r "$root/src/data/sample" "$home/src/data/"

# The packages of package.json's dependencies, with theirs, as npm installed them; not the browser's runtime.
node -e '
  const { packages } = require(process.argv[1] + "/node_modules/.package-lock.json");
  for (const [path, { dev, devOptional }] of Object.entries(packages)) if (!dev && !devOptional) console.log(path);
' "$root" | grep -vE '^node_modules/onnxruntime-web(/|$)' |
  while read -r name; do
    [ -d "$root/$name" ] || continue
    mkdir -p "$home/$(dirname "$name")"
    [ -d "$home/$name" ] || cp -rL "$root/$name" "$home/$name"
  done
native=$home/node_modules/onnxruntime-node/bin/napi-v6
find "$native" -mindepth 1 -maxdepth 1 ! -name linux -exec rm -rf {} +
rm -rf "$native/linux/arm64"

if [ -n "${INSTDISC_CUDA_PROVIDER:-}" ]; then
  cp "$INSTDISC_CUDA_PROVIDER"/libonnxruntime_providers_{cuda,shared}.so "$native/linux/x64/"
else
  (cd "$work" && npm pack --silent "$PROVIDER" >/dev/null && tar xzf ./*.tgz)
  cp "$work"/package/Plugins/Linux/x64/libonnxruntime_providers_{cuda,shared}.so "$native/linux/x64/"
fi
if [ -n "$data" ]; then
  mkdir "$home/data"
  tar -C "$home/data" -xJf "$data"
fi

cp "$root/tools/gpu/join.sh" "$folder/"
rm -f "$folder"/piece.*
tar -C "$work" -cf - instdisc | xz -T0 "-${XZ_LEVEL:-6}" | split -b "${piece}m" - "$folder/piece."
(cd "$folder" && sha256sum piece.* > pieces.sha256)
du -ch "$folder"/piece.* >&2
