"""The settings of the private PostgreSQL."""

import os

_MIB = 1 << 20


def render(*, port: int, durable: bool, memory_bytes: int | None = None) -> str:
    """Return postgresql.conf.

    Args:
        port: on the loopback address.
        durable: every commit is on disk before it is answered. Without it a crash of the machine may spoil the
            cluster; a crash of the server itself still loses nothing that was committed.
        memory_bytes: of the machine; a quarter of it, at most 1 GiB, becomes the server's cache.
    """
    memory = memory_bytes or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    settings: dict[str, str | int] = {
        "listen_addresses": "127.0.0.1",
        # Some folders are too deep for a socket's path, and TCP is what production uses.
        "unix_socket_directories": "",
        "port": port,
        "max_connections": 200,
        "shared_preload_libraries": "timescaledb",
        "timescaledb.telemetry_level": "off",
        "timescaledb.max_background_workers": 4,
        "max_worker_processes": 16,
        "max_parallel_workers": 2,
        "shared_buffers": f"{max(128, min(1024, memory // 4 // _MIB))}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "jit": "off",
        "random_page_cost": "1.1",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "scram_iterations": 1,
        "wal_level": "minimal",
        "max_wal_senders": 0,
        "wal_compression": "lz4",
        "wal_buffers": "16MB",
        "min_wal_size": "512MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
    }
    if not durable:
        settings |= {"fsync": "off", "full_page_writes": "off"}
    return "".join(f"{name} = '{value}'\n" for name, value in settings.items())
