#!/bin/bash
# Makes one folder of the pieces that pack.sh wrote, on the machine with the GPU:
#
#     bash FOLDER/join.sh INTO
#
# Once all pieces lie beside this file: unpacks them into INTO/instdisc and writes INTO/instdisc/env.sh, to be sourced
# before any of the scripts: it puts this Node first, names NVIDIA's libraries, and the Python with PyTorch, where there
# is one (INSTDISC_PYTHON, else python3). Says on stderr what it does not find.
set -euo pipefail
into=${1:?usage: join.sh INTO}
here=$(cd "$(dirname "$0")" && pwd)
(cd "$here" && sha256sum --quiet -c pieces.sha256) || {
  echo "join.sh: pieces are missing or damaged; send all that pieces.sha256 names" >&2
  exit 1
}
mkdir -p "$into"
cat "$here"/piece.* | xz -dc | tar -C "$into" -xf -
home=$(cd "$into/instdisc" && pwd)

python=${INSTDISC_PYTHON:-$(command -v python3 || true)}
libraries=""
if [ -n "$python" ]; then
  # Wheels of NVIDIA keep their libraries below site-packages/nvidia.
  libraries=$("$python" - <<'PYTHON'
import pathlib, sysconfig
site = pathlib.Path(sysconfig.get_paths()["purelib"]) / "nvidia"
print(":".join(sorted({str(path.parent) for path in site.rglob("lib*.so.*")})))
PYTHON
  )
fi
{
  echo "export PATH=$home/bin:\$PATH"
  echo "export LD_LIBRARY_PATH=$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
  [ -z "$python" ] || echo "export INSTDISC_PYTHON=$python"
} > "$home/env.sh"

. "$home/env.sh"
for library in libcudart.so.13 libcublas.so.13 libcublasLt.so.13 libcurand.so.10 libcudnn.so.9; do
  found=no
  for folder in ${LD_LIBRARY_PATH//:/ }; do [ -e "$folder/$library" ] && found=yes; done
  ldconfig -p 2>/dev/null | grep -q "$library" && found=yes
  [ $found = yes ] || echo "join.sh: $library is not here; ONNX Runtime's CUDA provider needs it" >&2
done
command -v nvidia-smi >/dev/null || echo "join.sh: nvidia-smi is not here: no GPU driver?" >&2
echo "$home"
