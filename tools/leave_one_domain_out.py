"""Train on all domains but one, test on that one, for each and each method.

    python tools/leave_one_domain_out.py configs/domain/generalise_erm.py
        --methods adversarial coral --held fog night rain thermal
        --seeds 0 1 2 --out docs/results/name.json

CONFIG is plain training (ERM); a method NAME is the config beside it that is
called ``generalise_NAME.py``. None may choose by validation, which sees the
domain of the test. A run that was finished before is not repeated.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean

from mmengine.config import Config

from mmvmtl.apis import cli
from mmvmtl.apis.choices import refuse_choices
from mmvmtl.apis.hold_out import domains_of, hold_out
from mmvmtl.apis.result_file import write_result
from mmvmtl.apis.steps import measure, quiet_shell, side_by_side, table
from mmvmtl.errors import UserError

METHODS = ('augment', 'adversarial', 'coral', 'mmd', 'mixstyle', 'mldg')


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='plain training on several domains')
    parser.add_argument(
        '--methods', nargs='*', default=list(METHODS), metavar='NAME'
    )
    parser.add_argument(
        '--domains', nargs='+', help='by itself, all that CONFIG names'
    )
    parser.add_argument(
        '--held',
        nargs='+',
        help='by itself those that CONFIG lists as held, or all its domains',
    )
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument(
        '--jobs', type=int, default=2, help='runs side by side'
    )
    parser.add_argument('--work-dir', default='work_dirs/generalise')
    parser.add_argument(
        '--out', default='docs/results/generalise.json', help='result file'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], help='for all runs'
    )
    return parser.parse_args(argv)


def measure_held(
    config: str,
    domains: list[str],
    held: str,
    seed: int,
    args: argparse.Namespace,
) -> dict[str, float]:
    """Metrics on a domain of a method that was trained on the others."""
    work = Path(args.work_dir) / Path(config).stem / held / f'seed_{seed}'
    work.mkdir(parents=True, exist_ok=True)
    derived = work / 'config.py'
    hold_out(cli.read_config(config), domains, held).dump(derived)
    shell = quiet_shell(work, args.jobs)
    return measure(derived, work, seed, args.cfg_options, shell)


def by_domain(runs: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Metrics ``<domain>/<metric>`` of a method, and their ``mean``.

    It is unknown where a domain has no number: another method's would be
    over other domains.
    """
    found: dict[str, float] = {}
    means: dict[str, list] = {}
    for held, metrics in runs.items():
        for name, value in metrics.items():
            found[f'{held}/{name}'] = value
            means.setdefault(name, []).append(value)
    for name, values in means.items():
        whole = len(values) == len(runs) and None not in values
        found[f'mean/{name}'] = mean(values) if whole else None
    return found


def held_of(cfg: Config, domains: Sequence[str], chosen: bool) -> list[str]:
    """Those of a config's ``held``; all domains if it has none.

    Args:
        cfg (Config): of plain training.
        domains (Sequence[str]): that are in play.
        chosen (bool): whether they were given on the command line; then
            ``held`` may name others, too.

    Raises:
        UserError: If none is left, or a name is unknown, as where a config
            of other data has inherited it.
    """
    named = cfg.get('held', domains)
    held = [name for name in domains if name in named]
    if not held or (len(held) < len(named) and not chosen):
        raise UserError(
            f'held={tuple(named)} of {cfg.filename} should name domains '
            f'of {", ".join(domains)}; set it there, or give --held.'
        )
    return held


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Run all, print the means over domains and seeds, write the file."""
    args = parse_args(argv)
    given = sys.argv[1:] if argv is None else argv
    cli.check_writable(args.work_dir, '--work-dir')
    cfg = cli.read_config(args.config)
    domains = args.domains or domains_of(cfg)
    held = args.held or held_of(cfg, domains, bool(args.domains))
    configs = {'erm': args.config}
    for name in args.methods:
        configs[name] = str(Path(args.config).parent / f'generalise_{name}.py')
    changes = cli.cfg_options(args.cfg_options)
    for config in configs.values():  # all mistakes before the first run
        refuse_choices(cli.read_config(config, changes))
        for name in held:
            hold_out(cli.read_config(config), domains, name)
    every = list(itertools.product(configs, held, args.seeds))
    found = side_by_side(
        lambda n, h, s: measure_held(configs[n], domains, h, s, args),
        every,
        args.jobs,
    )
    rows = {}
    for name, config in configs.items():
        runs = [
            by_domain({h: found[name, h, seed] for h in held})
            for seed in args.seeds
        ]
        metrics = {key: [run.get(key) for run in runs] for key in runs[0]}
        rows[name] = {'config': config, 'metrics': metrics}
    means = {
        name: {
            key: None if None in values else mean(values)
            for key, values in row['metrics'].items()
            if key.startswith('mean/')
        }
        for name, row in rows.items()
    }
    print(f'\nMeans over domains and seeds {args.seeds}:\n\n{table(means)}')
    write_result(
        args.out,
        rows['erm']['metrics'],
        command=['python', 'tools/leave_one_domain_out.py', *given],
        config=args.config,
        seeds=args.seeds,
        rows=rows,
    )


if __name__ == '__main__':
    main()
