using System.Globalization;
using BenchmarkDotNet.Running;
using IlqrVae.Benchmarks;

// dotnet run -c Release --project benchmarks/IlqrVae.Benchmarks -- --filter '*Gemm*'
// dotnet run -c Release --project benchmarks/IlqrVae.Benchmarks -- soak --minutes 30 --threads 2
if (args.Length == 0 || args[0] != "soak")
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
    return 0;
}

var soak = new Soak(TimeSpan.FromMinutes(Option("--minutes", 30)), (int)Option("--threads", 2), sample => Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture, $"{sample.Minutes:F2} min\t{sample.Rounds} rounds\t{sample.Resident:F1} MB resident\t{sample.Heap:F2} MB managed\t{sample.Handles} handles\t{sample.Threads} threads")));
var growth = Soak.Growth(soak.Run());
Console.WriteLine($"{soak.LeftOut} lines of logs tell of trials left out");
Console.WriteLine(growth ?? "flat");
return growth is null ? 0 : 1;

double Option(string name, double usual) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? double.Parse(args[at + 1], CultureInfo.InvariantCulture) : usual;
