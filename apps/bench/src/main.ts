#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { coloursFor } from './cli/colours.ts';
import { describeFailure, USAGE_EXIT_CODE } from './cli/usageError.ts';
import { reportCommand } from './report/command.ts';
import { benchCommand } from './suites/command.ts';

const program = new Command('prompt-limits')
  .description('What can this prompt do, how many soft tokens does it need, and what does inference with it cost?')
  .exitOverride()
  .configureHelp({ helpWidth: 100 })
  .showHelpAfterError('(add --help for the options)')
  .addCommand(reportCommand())
  .addCommand(benchCommand());
program
  .command('peer <implementation> <threads>', { hidden: true })
  .action(async (name, threads) => (await import('./peers/worker.ts')).runPeer(name, Number(threads)));
// Subcommands inherit the settings above only if they are told to.
for (const command of program.commands) command.copyInheritedSettings(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has printed its message; asking for help or the version is no error.
    process.exitCode = error.exitCode === 0 || error.code === 'commander.help' ? 0 : USAGE_EXIT_CODE;
  } else {
    const line = describeFailure(error);
    const colour = coloursFor(process.stderr);
    process.stderr.write(line === null ? `${(error as Error).stack}\n` : `${colour.red('error:')} ${line}\n`);
    process.exitCode = line === null ? 1 : USAGE_EXIT_CODE;
  }
}
