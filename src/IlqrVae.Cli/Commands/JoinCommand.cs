using System.CommandLine;
using IlqrVae.Cli.Reports;
using IlqrVae.Data;
using IlqrVae.Recordings;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae join</summary>
internal static class JoinCommand
{
    private const string Description =
        """
        Joins datasets of several sessions, each with neurons of its own, into one dataset for one model.

        The channels "spikes" of the session "monday" become the group "spikes@monday", which is missing in trials of other sessions; groups that all
        sessions have in common, such as behaviour, are named by --shared. Trials are called monday/trial-1. docs/sessions.md tells how to go on.

        Example:
          ilqr-vae join monday.h5 tuesday.h5 -o both.h5 --shared velocity
          ilqr-vae join 1.h5 2.h5 3.h5 -o all.h5 --sessions monday,tuesday,friday --shared velocity
        """;

    public static Command Create(Terminal terminal)
    {
        var files = new Argument<string[]>("FILE") { Description = "The datasets, one a session.", Arity = ArgumentArity.OneOrMore };
        var output = Arguments.Output("The dataset file to write.", isRequired: true);
        var names = new Option<string?>("--sessions") { Description = "Names of the sessions in the order of the files, separated by commas; by default those of the files.", HelpName = "NAMES" };
        var shared = new Option<string?>("--shared") { Description = "Channel groups that are the same in every session, separated by commas, such as behaviour.", HelpName = "GROUPS" };
        var force = Arguments.Force("Replace a file of that name.");
        var json = Arguments.Json();
        return Arguments.Make("join", Description, [files, output, names, shared, force, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            var paths = result.GetValue(files)!;
            var destination = result.GetValue(output)!;
            var sessions = result.GetValue(names) is { } given ? Words(given) : [.. paths.Select(path => Path.GetFileNameWithoutExtension(path))];
            if (sessions.Count != paths.Length)
            {
                throw new InputException($"--sessions: there are {sessions.Count} names for {paths.Length} files; give one a file.");
            }

            foreach (var path in paths)
            {
                Arguments.RequireOther(destination, path, "a dataset to join");
            }

            Arguments.RequireFree(destination, result.GetValue(force));
            var recording = terminal.Interruptible("joining", () => JoinedSessions.Of(
                [.. paths.Zip(sessions, (path, session) => new Session(session, RecordingFile.Read(path)))], result.GetValue(shared) is { } groups ? Words(groups) : []));
            terminal.During("writing", () => RecordingFile.Write(destination, recording));
            Inspection.Report(destination, recording, terminal);
            return ExitCode.Done;
        });
    }

    private static List<string> Words(string list) => [.. list.Split(',', StringSplitOptions.TrimEntries)];
}
