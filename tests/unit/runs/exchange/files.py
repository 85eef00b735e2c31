"""Small files as other programs write them."""

import json
import zlib
from typing import Any

LLAMA_BENCH: dict[str, Any] = {
    "build_commit": "0104b15", "build_number": 9700, "cpu_info": "AMD Ryzen 9 7950X", "gpu_info": "NVIDIA RTX 4090",
    "backends": "CUDA", "model_filename": "models/q.gguf", "model_type": "qwen3 4B Q4_K - Medium",
    "model_size": 2497280256, "model_n_params": 4022468096, "n_batch": 2048, "n_ubatch": 512, "n_threads": 16,
    "cpu_mask": "0x0", "cpu_strict": False, "poll": 50, "type_k": "f16", "type_v": "f16", "n_gpu_layers": -1,
    "n_cpu_moe": 0, "split_mode": "layer", "main_gpu": 0, "no_kv_offload": False, "flash_attn": 0, "devices": "auto",
    "tensor_split": "0.00", "tensor_buft_overrides": "none", "load_mode": "mmap", "embeddings": False,
    "no_op_offload": 0, "no_host": False, "fit_target": 0, "fit_min_ctx": 0, "n_prompt": 512, "n_gen": 0, "n_depth": 0,
    "test_time": "2026-08-01T12:09:57Z", "avg_ns": 100000000, "stddev_ns": 1000000, "avg_ts": 5120.512345,
    "stddev_ts": 51.25, "samples_ns": [100000000, 101000000, 99000000], "samples_ts": [5120.0, 5069.31, 5171.72]}
#: The same, as `llama-bench -o csv` prints it.
LLAMA_BENCH_CSV = (
    ",".join(name for name in LLAMA_BENCH if not name.startswith("samples")) + "\n" +
    ",".join(f'"{int(v) if isinstance(v, bool) else f"{v:.6f}" if isinstance(v, float) else v}"'
             for name, v in LLAMA_BENCH.items() if not name.startswith("samples")) + "\n")

OPTIMUM_CONFIG: dict[str, Any] = {
    "name": "pytorch_llama",
    "backend": {"name": "pytorch", "version": "2.4.0", "model": "org/tiny", "device": "cuda", "torch_dtype": "float16"},
    "scenario": {"name": "inference", "input_shapes": {"batch_size": 2, "sequence_length": 16},
                 "generate_kwargs": {"max_new_tokens": 101, "num_beams": 1}},
    "environment": {"cpu": " Intel Xeon", "gpu": ["Tesla T4"], "optimum_benchmark_version": "0.5.0",
                    "transformers_version": "4.45.2"}}


def _target(*seconds: float, **more: Any) -> dict[str, Any]:
    latency = {"unit": "s", "values": list(seconds), "count": len(seconds), "mean": sum(seconds) / len(seconds)}
    return {"memory": None, "latency": latency, "throughput": None, "energy": None, "efficiency": None, **more}


OPTIMUM_REPORT: dict[str, Any] = {
    "load_model": _target(3.5), "first_generate": _target(9.0), "prefill": _target(0.01, 0.02, 0.03),
    "decode": _target(1.0, 2.0, 4.0), "generate": _target(2.02), "per_token": _target(0.02)}

VLLM: dict[str, Any] = {
    "date": "20260131-120000", "backend": "vllm", "model_id": "org/tiny", "tokenizer_id": "org/tiny",
    "num_prompts": 100, "request_rate": "inf", "burstiness": 1.0, "max_concurrency": 8, "duration": 50.0,
    "completed": 98, "failed": 2, "total_input_tokens": 98 * 1024, "total_output_tokens": 98 * 128,
    "request_throughput": 1.96, "output_throughput": 250.88, "total_token_throughput": 2257.92,
    "mean_ttft_ms": 120.0, "median_ttft_ms": 110.0, "p99_ttft_ms": 300.0, "mean_tpot_ms": 21.0,
    "median_tpot_ms": 20.0, "p99_tpot_ms": 30.0, "mean_itl_ms": 20.5, "generated_texts": ["secret"]}


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG of one grey dot with more chunks before its end, each with its right checksum."""
    dot = [(b"IHDR", b"\0\0\0\1\0\0\0\1\x08\0\0\0\0"), (b"IDAT", zlib.compress(b"\0\x80"))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in (*dot, *chunks, (b"IEND", b"")))


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def runs_chunk(text: bytes) -> bytes:
    """Return what a chunk with runs holds."""
    return b"llmscope-runs\0\1\0\0\0" + zlib.compress(text)


def as_json(found: Any) -> bytes:
    """Return JSON as Python's own library writes it, NaN included."""
    return json.dumps(found).encode()
