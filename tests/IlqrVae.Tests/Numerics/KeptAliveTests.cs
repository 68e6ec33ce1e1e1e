using System.Reflection;
using System.Reflection.Emit;
using IlqrVae.Benchmarking.SelfTest;
using IlqrVae.Numerics;
using IlqrVae.Tests.Models;

namespace IlqrVae.Tests.Numerics;

/// <summary>
/// Whoever takes an address from a matrix keeps something alive on every way from there to its end; see the remarks of <see cref="Matrix{T}"/>. What the compiler
/// made of each method is read, since a forgotten line shows itself only when the garbage collector comes at the wrong moment. Whether the right thing is kept alive
/// is not seen.
/// </summary>
public sealed unsafe class KeptAliveTests
{
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Assembly Library = typeof(Matrix<>).Assembly;
    private static readonly Assembly Benchmarking = typeof(SelfCheck).Assembly;
    private static readonly Assembly Tests = typeof(KeptAliveTests).Assembly;

    private static readonly Dictionary<int, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value & 0xFFFF);

    [Fact]
    public void Whoever_takes_an_address_keeps_its_memory_alive()
    {
        var found = new[] { Library, Benchmarking, Tests }.SelectMany(Methods).Where(method => method.DeclaringType != typeof(Cases)).Where(Forgets).Select(Name).Order(StringComparer.Ordinal).ToList();
        Assert.True(found.Count == 0, $"These take addresses and do not keep anything alive to the end of their use:\n{string.Join('\n', found)}");
    }

    /// <summary>Those that are looked for are found, by the address of a matrix or by one that somebody has taken from it.</summary>
    [Fact]
    public void Who_forgets_is_found()
    {
        var found = Methods(Tests).Where(method => method.DeclaringType == typeof(Cases)).Where(Forgets).Select(method => method.Name.Split('|')[0]);
        Assert.Equal(
            ["<ForgetsInside>g__Take", "ForgetsARow", "ForgetsAWayOut", "ForgetsAnElement", "ForgetsWhatItTakesLast", "ForgetsWhatOthersTook"],
            found.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.Contains(Methods(Library), method => method.DeclaringType!.Name == "LineSearch`1" && method.Name == "RollOut" && Takes(method));
        Assert.Contains(Methods(Benchmarking), Takes);
        Assert.Contains(Methods(Tests), method => method.DeclaringType == typeof(Point<>) && Takes(method));
    }

    private static IEnumerable<MethodBase> Methods(Assembly assembly) => assembly.GetTypes()
        .SelectMany(type => type.GetMethods(Own).Cast<MethodBase>().Concat(type.GetConstructors(Own))).Where(method => method.GetMethodBody() is not null);

    private static bool Takes(MethodBase method) => Read(method).Values.Any(instruction => GivesAddress(instruction.Called));

    /// <summary>Who hands the address on leaves the keeping to its callers.</summary>
    private static bool Forgets(MethodBase method)
    {
        if (IsOfMatrix(method) || method is MethodInfo { ReturnType.IsPointer: true })
        {
            return false;
        }

        var instructions = Read(method);
        var seen = new HashSet<(int At, bool HasAddress)>();
        var open = new Stack<(int At, bool HasAddress)>([(0, false)]);
        while (open.TryPop(out var state))
        {
            if (!seen.Add(state))
            {
                continue;
            }

            var (code, called, next) = instructions[state.At];
            var hasAddress = GivesAddress(called) || (state.HasAddress && called?.Name != nameof(GC.KeepAlive));
            if (hasAddress && code == OpCodes.Ret)
            {
                return true;
            }

            foreach (var at in next)
            {
                open.Push((at, hasAddress));
            }
        }

        return false;
    }

    private static bool GivesAddress(MethodBase? called)
        => called is not null && ((IsOfMatrix(called) && called.Name is "get_Pointer" or "RowPointer") || (called is MethodInfo { ReturnType.IsPointer: true } && IsOurs(called)));

    private static bool IsOurs(MethodBase method) => method.Module.Assembly.GetName().Name!.StartsWith(nameof(IlqrVae), StringComparison.Ordinal);

    private static bool IsOfMatrix(MethodBase method) => method.DeclaringType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(Matrix<>);

    private static string Name(MethodBase method)
        => $"{method.DeclaringType!.FullName}.{method.Name}({string.Join(", ", method.GetParameters().Select(parameter => parameter.ParameterType.Name))})";

    /// <summary>The instructions of a method by their places, each with the method that it names, unless it drops what that returns, and the places of those that may follow.</summary>
    private static Dictionary<int, (OpCode Code, MethodBase? Called, List<int> Next)> Read(MethodBase method)
    {
        var bytes = method.GetMethodBody()!.GetILAsByteArray()!;
        var ofType = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        var ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        var instructions = new Dictionary<int, (OpCode Code, MethodBase? Called, List<int> Next)>();
        for (var at = 0; at < bytes.Length;)
        {
            var start = at;
            int value = bytes[at++];
            var code = Codes[value == 0xFE ? 0xFE00 | bytes[at++] : value];
            var end = at + code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(bytes, at)),
                _ => 4,
            };
            List<int> next = code.OperandType switch
            {
                OperandType.ShortInlineBrTarget => [end + (sbyte)bytes[at]],
                OperandType.InlineBrTarget => [end + BitConverter.ToInt32(bytes, at)],
                OperandType.InlineSwitch => [.. Enumerable.Range(1, BitConverter.ToInt32(bytes, at)).Select(i => end + BitConverter.ToInt32(bytes, at + (4 * i)))],
                _ => [],
            };
            if (code.FlowControl is not (FlowControl.Branch or FlowControl.Return or FlowControl.Throw))
            {
                next.Add(end);
            }

            var isCall = code.OperandType == OperandType.InlineMethod && bytes[end] != OpCodes.Pop.Value;
            instructions.Add(start, (code, isCall ? method.Module.ResolveMethod(BitConverter.ToInt32(bytes, at), ofType, ofMethod) : null, next));
            at = end;
        }

        return instructions;
    }

    private static class Cases
    {
        public static double Keeps(Matrix<double> matrix)
        {
            var sum = *matrix.Pointer + *matrix.RowPointer(1);
            matrix.KeepAlive();
            return sum;
        }

        public static double NeedNot(Matrix<double> matrix) => matrix[0, 0] + matrix.Row(0)[0];

        public static void Drops(Matrix<double> matrix) => _ = HandsOn(matrix);

        public static double* HandsOn(Matrix<double> matrix) => matrix.RowPointer(1);

        public static double ForgetsAnElement(Matrix<double> matrix) => *matrix.Pointer;

        public static double ForgetsARow(Matrix<double> matrix) => *matrix.RowPointer(1);

        public static double ForgetsWhatOthersTook(Matrix<double> matrix) => *HandsOn(matrix);

        public static double ForgetsWhatItTakesLast(Matrix<double> matrix)
        {
            var first = *matrix.Pointer;
            matrix.KeepAlive();
            return first + *matrix.RowPointer(1);
        }

        public static double ForgetsAWayOut(Matrix<double> matrix)
        {
            for (var i = 0; i < matrix.Rows; i++)
            {
                if (*matrix.RowPointer(i) > 0)
                {
                    return 1;
                }
            }

            matrix.KeepAlive();
            return 0;
        }

        public static double ForgetsInside<T>(Matrix<double> matrix)
            where T : struct
        {
            return Take<T>();

            double Take<TOther>() => typeof(TOther) == typeof(T) ? *matrix.Pointer : 0;
        }
    }
}
