// A program for the first process of a container: ordered, named steps that are compiled before the clone and only executed after it.
namespace Berth.Linux.Programs;

/// <summary>A value the program keeps while it runs, mostly a descriptor.</summary>
/// <param name="Index">Number of the slot.</param>
public readonly record struct Slot(short Index);

/// <summary>A place in the program to go on at.</summary>
/// <param name="Id">Number of the label.</param>
public readonly record struct Label(int Id);

/// <summary>One named step of a program: what it does, on what, and why it stands where it stands.</summary>
/// <param name="Name">A verb and its object, such as <c>mount proc</c>.</param>
/// <param name="Subject">What it acts on, or null.</param>
/// <param name="Why">Why here: the sentence a reader of the plan needs.</param>
public sealed record ProgramStep(string Name, string? Subject, string? Why)
{
    /// <summary>Name and subject as one phrase.</summary>
    public string Phrase => Subject is null ? Name : $"{Name} {Subject}";
}

/// <summary>
/// Steps compiled into unmanaged memory for a process that may not allocate. The meeting points with the parent are steps
/// too, so the parent reads its half of the protocol from the same program:
/// <code>
/// child                                   parent
/// -----                                   ------
/// runs steps ...
/// Meet: writes its number, waits     ->   runs the action given to Meet
/// goes on                            &lt;-   writes one byte
/// execve closes the socket           ->   end of file, nothing on the board: done
/// failure: fills the board, exits    ->   end of file, the board names step and errno
/// </code>
/// </summary>
public sealed unsafe partial class ChildProgram : IDisposable
{
    private readonly Arena _arena = new();
    private readonly List<ProgramStep> _steps = [];
    private readonly List<Action<SpawnedChild>> _meetings = [];
    private readonly List<int> _labels = [];
    private readonly List<(int Instruction, int Argument, int Label)> _patches = [];
    private Instruction* _code;
    private int _capacity;
    private int _count;
    private short _slots;

    /// <summary>The steps so far, in order.</summary>
    public IReadOnlyList<ProgramStep> Steps => _steps;

    /// <summary>Names of the steps, in order.</summary>
    public IEnumerable<string> Names
    {
        get { foreach (ProgramStep step in _steps) yield return step.Name; }
    }

    /// <summary>Starts a step: the instructions that follow belong to it.</summary>
    public ChildProgram Step(string name, string? subject = null, string? why = null)
    {
        _steps.Add(new ProgramStep(name, subject, why));
        return this;
    }

    /// <summary>Names of the kernel calls that a step makes.</summary>
    public IReadOnlyList<string> CallsOf(int step)
    {
        List<string> calls = [];
        for (int i = 0; i < _count; i++)
        {
            if (_code[i].Step != step) continue;
            calls.Add(_code[i].Operation switch
            {
                Operation.Call => Syscall.NameOf(_code[i].Number),
                Operation.Meet or Operation.Ask => "meet the parent",
                Operation.OpenTarget => "openat2, mkdirat",
                Operation.CloneAgain => "clone3",
                Operation.Execute => "execve",
                Operation.FindProgram => "faccessat",
                Operation.CopyTree => "getdents64, openat",
                Operation.ShedExecutable => "mmap, mremap",
                Operation.WriteAll => "write",
                Operation.RequireCwdInside => "getcwd",
                Operation.RequireLink => "readlinkat",
                Operation.CloseAllExcept => "close_range",
                Operation.AwaitStart => "signalfd4, ppoll",
                Operation.RequireFileSystem or Operation.KeepFlags => "fstatfs",
                Operation.RequireDevice or Operation.JumpUnlessType or Operation.TellMode or Operation.RequireSameKind => "fstat",
                _ => "",
            });
        }
        calls.RemoveAll(static c => c.Length == 0);
        return calls;
    }

    /// <summary>A new slot.</summary>
    public Slot NewSlot()
    {
        if (_slots >= Interpreter.Slots) throw new InvalidOperationException("a child program has too many values at once");
        return new Slot(_slots++);
    }

    /// <summary>The lowest slot not used yet; give it to <see cref="ReleaseSlots"/> when a group of steps is done with its own.</summary>
    public Slot MarkSlots() => new(_slots);

    /// <summary>Makes the slots from <paramref name="mark"/> on free again.</summary>
    public void ReleaseSlots(Slot mark) => _slots = mark.Index;

    /// <summary>A place to be marked later.</summary>
    public Label NewLabel()
    {
        _labels.Add(-1);
        return new Label(_labels.Count - 1);
    }

    /// <summary>The label stands here.</summary>
    public void Mark(Label label) => _labels[label.Id] = _count;

    /// <summary>Go on at the label.</summary>
    public void GoTo(Label label)
    {
        Emit(Operation.Jump);
        _patches.Add((_count - 1, 0, label.Id));
    }

    /// <summary>The instruction before this may fail with one of these errors: then go on with the next.</summary>
    public ChildProgram Tolerate(Errno first, Errno second = Errno.None, Errno third = Errno.None)
    {
        Instruction* last = _code + _count - 1;
        (last->Error1, last->Error2, last->Error3) = ((byte)first, (byte)second, (byte)third);
        last->OnError = _count;
        return this;
    }

    /// <summary>The instruction before this may fail in any way: then go on with the next.</summary>
    public ChildProgram TolerateAll() => Tolerate((Errno)255);

    /// <summary>When the instruction before this fails with one of these errors go on at the label.</summary>
    public ChildProgram OnError(Label label, Errno first = (Errno)255, Errno second = Errno.None, Errno third = Errno.None)
    {
        Tolerate(first, second, third);
        _patches.Add((_count - 1, -1, label.Id));
        return this;
    }

    /// <summary>
    /// A meeting point: the child stops here until the parent has run <paramref name="action"/>.
    /// </summary>
    public void Meet(Action<SpawnedChild> action)
    {
        _meetings.Add(action);
        Instruction* at = Emit(Operation.Meet);
        at->Argument[0] = _meetings.Count;
    }

    /// <summary>A meeting point in which the parent hands over a descriptor with <see cref="SpawnedChild.Give"/>.</summary>
    public Slot Ask(Action<SpawnedChild> action)
    {
        _meetings.Add(action);
        Instruction* at = Emit(Operation.Ask);
        at->Argument[0] = _meetings.Count;
        return Into(at);
    }

    internal Instruction* Emit(Operation operation)
    {
        if (_steps.Count == 0) throw new InvalidOperationException("an instruction needs a step to belong to");
        if (_count == _capacity) Grow();
        Instruction* at = _code + _count++;
        *at = new Instruction { Operation = operation, Result = -1, OnError = -1, LogSlot = 255, Step = _steps.Count - 1 };
        return at;
    }

    private void Grow()
    {
        int capacity = _capacity == 0 ? 256 : _capacity * 2;
        Instruction* code = _arena.Take<Instruction>(capacity);
        if (_count > 0) Buffer.MemoryCopy(_code, code, (long)capacity * sizeof(Instruction), (long)_count * sizeof(Instruction));
        _code = code;
        _capacity = capacity;
    }

    /// <summary>A call whose arguments are numbers or slots.</summary>
    internal Instruction* Call(short number, Operand a = default, Operand b = default, Operand c = default, Operand d = default, Operand e = default, Operand f = default)
    {
        Instruction* at = Emit(Operation.Call);
        at->Number = number;
        Set(at, 0, a);
        Set(at, 1, b);
        Set(at, 2, c);
        Set(at, 3, d);
        Set(at, 4, e);
        Set(at, 5, f);
        return at;
    }

    private static void Set(Instruction* at, int index, Operand operand)
    {
        at->Argument[index] = operand.Value;
        if (operand.IsSlot) at->SlotArguments |= (byte)(1 << index);
    }

    private Slot Into(Instruction* at, Slot? slot = null)
    {
        Slot result = slot ?? NewSlot();
        at->Result = result.Index;
        return result;
    }

    private void Resolve()
    {
        foreach ((int instruction, int argument, int label) in _patches)
        {
            int target = _labels[label];
            if (target < 0) throw new InvalidOperationException("a label of a child program stands nowhere");
            if (argument < 0) _code[instruction].OnError = target;
            else _code[instruction].Argument[argument] = target;
        }
        _patches.Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => _arena.Dispose();

    /// <summary>A number, an address or a slot.</summary>
    internal readonly struct Operand
    {
        public readonly long Value;
        public readonly bool IsSlot;

        private Operand(long value, bool isSlot) => (Value, IsSlot) = (value, isSlot);

        public static implicit operator Operand(long value) => new(value, false);

        public static implicit operator Operand(byte* address) => new((long)address, false);

        public static implicit operator Operand(void* address) => new((long)address, false);

        public static implicit operator Operand(Slot slot) => new(slot.Index, true);
    }
}
