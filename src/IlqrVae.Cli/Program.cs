using System.Runtime.InteropServices;
using IlqrVae.Cli;
using var interrupt = new CancellationTokenSource();

// The first signal asks the command to save and stop; the second one ends the process, which leaves no half-written file either.
void OnSignal(PosixSignalContext context)
{
    context.Cancel = !interrupt.IsCancellationRequested;
    if (context.Cancel)
    {
        Console.Error.WriteLine("\nstopping after the work at hand; the same again ends at once");
    }

    interrupt.Cancel();
}

// The terminal was closed: there is nobody to tell, and the system and the shell may both send it.
void OnHangUp(PosixSignalContext context)
{
    context.Cancel = true;
    interrupt.Cancel();
}

using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);

// Ctrl-Break, which is what another program can send on Windows.
using var onBreak = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, OnSignal);
using var onHangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnHangUp);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
using var terminal = new Terminal(Console.Out, Console.Error, Screen.OfConsole(), interrupt.Token);
return Application.Run(args, terminal);
